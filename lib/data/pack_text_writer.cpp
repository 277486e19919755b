#include "data/pack_text_writer.h"

#include <ATen/Parallel.h>

#include <ostream>
#include <utility>

#include "core/device.h"
#include "core/errors.h"
#include "data/tokens_layout.h"
#include "io/atomic_file.h"
#include "io/digests.h"
#include "io/safetensors_header.h"

namespace uvic {
namespace {

// Bytes of text that are encoded in one go: SentencePiece is half as fast at 2^18 and 1.1 times as fast at
// 2^12 (2026-11-26).
constexpr size_t kPiece = 1 << 14;
constexpr size_t kAtOnce = 1 << 20;  // bytes in pieces that wait to be encoded together
constexpr std::array kSplits = {TokenSplit::kTrain, TokenSplit::kHeldOut};

at::ScalarType dtype_for(int64_t vocab_size) {
  return vocab_size <= 1 << 8 ? at::kByte : vocab_size <= 1 << 16 ? at::kUInt16 : at::kUInt32;
}

template <class T>
void append_as(std::span<const int64_t> tokens, std::string& bytes) {
  bytes.resize(tokens.size() * sizeof(T));
  auto* out = reinterpret_cast<T*>(bytes.data());
  for (size_t i = 0; i < tokens.size(); ++i) out[i] = static_cast<T>(tokens[i]);
}

}  // namespace

PackWriter::PackWriter(const std::filesystem::path& out, const Tokenizer& tokenizer)
    : out_(out),
      tokenizer_(tokenizer),
      dtype_(dtype_for(tokenizer.vocab_size())),
      parts_{Part(out), Part(out)} {}

void PackWriter::begin_document(TokenSplit split) {
  part_ = &parts_[size_t(split)];
  begins_ = true;
  enough_ = kPiece;
}

void PackWriter::add(std::string_view text) {
  waiting_ += text;
  size_t done = 0;
  while (waiting_.size() - done >= enough_) {
    const std::string_view beginning = std::string_view(waiting_).substr(done, enough_);
    const size_t at = tokenizer_.cut(beginning);
    if (at == 0) {
      enough_ *= 2;
      continue;
    }
    push(beginning.substr(0, at));
    done += at;
    enough_ = kPiece;
  }
  waiting_.erase(0, done);
}

void PackWriter::end_document() {
  if (!waiting_.empty()) push(waiting_);
  waiting_.clear();
}

void PackWriter::push(std::string_view text) {
  pieces_.push_back({part_, std::exchange(begins_, false), std::string(text)});
  piece_bytes_ += text.size();
  if (piece_bytes_ >= kAtOnce) encode_pieces();
}

void PackWriter::encode_pieces() {
  std::vector<std::vector<int64_t>> tokens(pieces_.size());
  // Bytes become tokens faster than threads wake up.
  const int64_t count = int64_t(pieces_.size()), a_thread = tokenizer_.needs_utf8() ? 1 : count;
  at::parallel_for(0, count, a_thread, [&](int64_t begin, int64_t end) {
    for (auto i = size_t(begin); i < size_t(end); ++i) {
      const auto& [part, begins, text] = pieces_[i];
      tokens[i] = begins ? tokenizer_.encode(text) : tokenizer_.encode_more(text);
    }
  });
  const int64_t bos = tokenizer_.bos();
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const auto& [part, begins, text] = pieces_[i];
    at_start_ |= begins;
    if (begins && bos >= 0) append(*part, {&bos, 1});
    append(*part, tokens[i]);
    part->counts.bytes += int64_t(text.size());
  }
  pieces_.clear();
  piece_bytes_ = 0;
}

void PackWriter::append(Part& part, std::span<const int64_t> tokens) {
  if (tokens.empty()) return;
  if (std::exchange(at_start_, false)) {
    const int64_t at = part.counts.tokens;
    part.documents.append({reinterpret_cast<const char*>(&at), sizeof at});
    ++part.counts.documents;
  }
  switch (dtype_) {
    case at::kByte:
      append_as<uint8_t>(tokens, narrow_);
      break;
    case at::kUInt16:
      append_as<uint16_t>(tokens, narrow_);
      break;
    default:
      append_as<uint32_t>(tokens, narrow_);
  }
  part.tokens.append(narrow_);
  part.counts.tokens += int64_t(tokens.size());
}

void PackWriter::finish() {
  encode_pieces();
  check_usage(part(TokenSplit::kTrain).tokens > 0, "there is no text in what is to be packed");
  std::vector<SafetensorsHeader::Entry> entries;
  std::vector<Spool*> spools;
  std::map<std::string, std::string> metadata{{kPackTokenizer, tokenizer_.name()},
                                              {kPackTokenizerHash, tokenizer_.fingerprint()},
                                              {kPackVocabSize, std::to_string(tokenizer_.vocab_size())},
                                              {kPackBos, std::to_string(tokenizer_.bos())},
                                              {kPackVersion, version_number()}};
  int64_t end = 0;
  const auto add_tensor = [&](const std::string& name, at::ScalarType dtype, int64_t count, Spool& spool) {
    entries.push_back({name, dtype, {count}, end, end + spool.size()});
    spools.push_back(&spool);
    end += spool.size();
  };
  for (const bool documents : {true, false}) {  // the wider type first, so that all are aligned
    for (const TokenSplit split : kSplits) {
      Part& part = parts_[size_t(split)];
      const PackKeys& keys = pack_keys(split);
      if (part.counts.tokens == 0) continue;
      if (documents) {
        add_tensor(keys.documents, at::kLong, part.counts.documents, part.documents);
        continue;
      }
      add_tensor(keys.tokens, dtype_, part.counts.tokens, part.tokens);
      uint32_t crc32 = part.tokens.crc32();
      part.documents.read(0, part.documents.size(),
                          [&](std::string_view piece) { crc32 = crc32_of(piece, crc32); });
      metadata[keys.bytes] = std::to_string(part.counts.bytes);
      metadata[keys.crc32] = std::to_string(crc32);
    }
  }
  write_file_atomically(out_, [&](std::ostream& stream) {
    stream << safetensors_header(entries, metadata);
    for (Spool* spool : spools) {
      spool->read(0, spool->size(), [&](std::string_view piece) {
        stream.write(piece.data(), static_cast<std::streamsize>(piece.size()));
      });
    }
  });
}

}  // namespace uvic

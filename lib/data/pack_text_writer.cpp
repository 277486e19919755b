#include "data/pack_text_writer.h"

#include <ostream>

#include "core/device.h"
#include "data/tokens_layout.h"
#include "io/atomic_file.h"
#include "io/digests.h"
#include "io/safetensors_header.h"

namespace uvic {
namespace {

constexpr size_t kPiece = 1 << 18;  // bytes of text that are encoded in one go
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
  begun_ = goes_on_ = false;
  enough_ = kPiece;
  const int64_t bos = tokenizer_.bos();
  if (bos >= 0) append({&bos, 1});
}

void PackWriter::note_beginning() {
  const int64_t at = part_->counts.tokens;
  part_->documents.append({reinterpret_cast<const char*>(&at), sizeof at});
  ++part_->counts.documents;
  begun_ = true;
}

void PackWriter::add(std::string_view text) {
  waiting_ += text;
  if (waiting_.size() < enough_) return;
  const size_t at = tokenizer_.cut(waiting_);
  if (at == 0) {
    enough_ = 2 * waiting_.size();
    return;
  }
  encode(std::string_view(waiting_).substr(0, at));
  waiting_.erase(0, at);
  enough_ = kPiece;
}

void PackWriter::end_document() {
  if (!waiting_.empty()) encode(waiting_);
  waiting_.clear();
}

void PackWriter::encode(std::string_view text) {
  append(goes_on_ ? tokenizer_.encode_more(text) : tokenizer_.encode(text));
  part_->counts.bytes += int64_t(text.size());
  goes_on_ = true;
}

void PackWriter::append(std::span<const int64_t> tokens) {
  if (tokens.empty()) return;
  if (!begun_) note_beginning();
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
  part_->tokens.append(narrow_);
  part_->counts.tokens += int64_t(tokens.size());
}

void PackWriter::finish() {
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

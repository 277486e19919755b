#include "data/tokens_layout.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>

#include "core/dtype.h"
#include "core/errors.h"
#include "io/content_kind.h"
#include "io/npy_rows.h"
#include "io/output_path.h"
#include "io/pth_legacy.h"
#include "io/safetensors.h"
#include "io/safetensors_header.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Metadata = std::map<std::string, std::string>;

constexpr const char* kWanted = "a file of tokens (a pack of uvic-lm, llm.c's or nanoGPT's .bin, .npy)";

template <class T>
T number_at(std::string_view bytes, size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// https://github.com/karpathy/llm.c, dev/data/data_common.py: 256 int32, of which the first are a magic
// number, a version and the count of tokens.
constexpr size_t kLlmcHeader = 256 * sizeof(int32_t);
constexpr int32_t kLlmcQuestions = 20240522;  // of multiple-choice evaluations
struct LlmcKind {
  int32_t magic, version;
  at::ScalarType dtype;
  const char* name;
};
constexpr LlmcKind kLlmcKinds[] = {{20240520, 1, at::kUInt16, "llm.c (GPT-2)"},
                                   {20240801, 7, at::kUInt32, "llm.c (Llama 3)"}};

const LlmcKind* llmc_kind(const MappedFile& file) {
  const std::string_view bytes = file.bytes();
  if (bytes.size() < sizeof(int32_t)) return nullptr;
  const auto magic = number_at<int32_t>(bytes, 0);
  check_usage(magic != kLlmcQuestions, file.name(),
              ": holds llm.c's multiple-choice questions, not a text's tokens");
  const auto* found = std::find_if(std::begin(kLlmcKinds), std::end(kLlmcKinds),
                                   [&](const LlmcKind& kind) { return kind.magic == magic; });
  return found == std::end(kLlmcKinds) ? nullptr : found;
}

TokenLayout llmc_layout(const MappedFile& file, const LlmcKind& kind) {
  const std::string_view bytes = file.bytes();
  check_usage(bytes.size() >= kLlmcHeader, file.name(), ": ", kind.name, ": truncated in its header (",
              bytes.size(), " bytes of ", kLlmcHeader, ")");
  const auto version = number_at<int32_t>(bytes, 4), count = number_at<int32_t>(bytes, 8);
  check_usage(version == kind.version, file.name(), ": ", kind.name, ": version ", version,
              " is not read, only ", kind.version);
  const size_t present = bytes.size() - kLlmcHeader, width = c10::elementSize(kind.dtype);
  check_usage(count >= 0 && size_t(count) * width == present, file.name(), ": ", kind.name,
              ": its header counts ", count, " tokens, the file has ", double(present) / double(width),
              "; it may be truncated");
  return {.info = {.kind = kind.name}, .dtype = kind.dtype, .begin = kLlmcHeader, .count = count};
}

TokenLayout nanogpt_layout(const MappedFile& file) {
  const std::string_view bytes = file.bytes();
  const std::string kind = content_kind(bytes.substr(0, kContentBytes));
  // Two bytes of a signature may be a token; these have more.
  if (kind == "a ZIP archive" || kind.ends_with(" file") || kind.ends_with("page") || is_legacy_pth(bytes))
    refuse_content(bytes.substr(0, kContentBytes), int64_t(bytes.size()), file.name(), kWanted);
  check_usage(bytes.size() % sizeof(uint16_t) == 0, file.name(), ": has an odd number of bytes, ",
              bytes.size(), ", so it is not nanoGPT's tokens of two bytes each");
  return {
      .info = {.kind = "nanoGPT"}, .dtype = at::kUInt16, .count = int64_t(bytes.size() / sizeof(uint16_t))};
}

bool holds_tokens(at::ScalarType dtype) {
  return dtype == at::kByte || dtype == at::kUInt16 || dtype == at::kUInt32 || dtype == at::kInt ||
         dtype == at::kLong;
}

TokenLayout npy_layout(const MappedFile& file) {
  size_t begin = 0;
  const NpyHeader header = mapped_npy_header(file, begin);
  check_usage(holds_tokens(header.dtype), file.name(), ": tokens are whole numbers, not ",
              dtype_name(header.dtype));
  const bool rows = header.shape.size() == 2;
  check_usage(header.shape.size() == 1 || (rows && !header.fortran_order), file.name(),
              ": tokens are [n] or, in C order, [B, T]; this is ", at::IntArrayRef(header.shape),
              header.fortran_order ? " in Fortran's order" : "");
  check_npy_fits(header, int64_t(file.bytes().size() - begin), file.name());
  return {.info = {.kind = ".npy"},
          .dtype = header.dtype,
          .begin = begin,
          .count = header.bytes / int64_t(c10::elementSize(header.dtype))};
}

/// A whole number of the metadata; `missing` if the key is not there.
int64_t number_of(const Metadata& metadata, const std::string& key, int64_t missing,
                  const std::string& name) {
  const auto found = metadata.find(key);
  if (found == metadata.end()) return missing;
  const std::string& text = found->second;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  check_usage(error == std::errc() && end == text.data() + text.size(), name, ": metadata ", key, ": '", text,
              "' is not a whole number");
  return value;
}

const SafetensorsHeader::Entry* find_tensor(const SafetensorsHeader& header, const std::string& name) {
  const auto found = std::find_if(header.entries.begin(), header.entries.end(),
                                  [&](const SafetensorsHeader::Entry& entry) { return entry.name == name; });
  return found == header.entries.end() ? nullptr : &*found;
}

std::optional<TokenLayout> pack_layout(const MappedFile& file, TokenSplit split) {
  InputFile input(file.name());
  const SafetensorsHeader header = read_safetensors_header(input);
  const PackKeys& keys = pack_keys(split);
  const std::string& name = file.name();
  check_usage(find_tensor(header, pack_keys(TokenSplit::kTrain).tokens) != nullptr, name,
              ": a safetensors file, but not of tokens: it has no tensor \"tokens\"");
  const auto* tokens = find_tensor(header, keys.tokens);
  if (tokens == nullptr || (split == TokenSplit::kHeldOut && tokens->begin == tokens->end))
    return std::nullopt;
  check_usage(tokens->shape.size() == 1 && holds_tokens(tokens->dtype), name, ": tensor \"", keys.tokens,
              "\": must be whole numbers [n], is ", dtype_name(tokens->dtype), " ",
              at::IntArrayRef(tokens->shape));
  const auto text_of = [&](const char* key) {
    const auto found = header.metadata.find(key);
    return found == header.metadata.end() ? std::string() : found->second;
  };
  TokenLayout layout{.info = {.kind = "token pack",
                              .tokenizer = text_of(kPackTokenizer),
                              .tokenizer_hash = text_of(kPackTokenizerHash),
                              .vocab_size = number_of(header.metadata, kPackVocabSize, 0, name),
                              .bos = number_of(header.metadata, kPackBos, -1, name),
                              .text_bytes = number_of(header.metadata, keys.bytes, -1, name)},
                     .part = keys.part,
                     .dtype = tokens->dtype,
                     .begin = size_t(header.data + tokens->begin),
                     .count = tokens->shape[0]};
  if (header.metadata.contains(keys.crc32))
    layout.recorded_crc32 = uint32_t(number_of(header.metadata, keys.crc32, 0, name));
  const auto* documents = find_tensor(header, keys.documents);
  if (documents == nullptr) return layout;
  layout.documents_begin = size_t(header.data + documents->begin);
  check_usage(
      documents->dtype == at::kLong && documents->shape.size() == 1 && layout.documents_begin % 8 == 0, name,
      ": tensor \"", keys.documents, "\": must be int64 [n], at a multiple of 8 bytes");
  layout.documents = documents->shape[0];
  if (layout.documents == 0) return layout;
  const auto document = [&](int64_t i) {
    return number_at<int64_t>(file.bytes(), layout.documents_begin + size_t(i) * sizeof(int64_t));
  };
  check_usage(document(0) == 0 && document(layout.documents - 1) < layout.count, name, ": tensor \"",
              keys.documents, "\": damaged: does not fit the ", layout.count, " tokens");
  return layout;
}

}  // namespace

const PackKeys& pack_keys(TokenSplit split) {
  static const PackKeys train{"tokens", "tokens.documents", "uvic.bytes", "uvic.crc32"};
  static const PackKeys held_out{"held_out", "held_out.documents", "uvic.held_out_bytes",
                                 "uvic.held_out_crc32", "held out"};
  return split == TokenSplit::kTrain ? train : held_out;
}

std::optional<TokenLayout> token_layout(const MappedFile& file, TokenSplit split) {
  const std::string_view bytes = file.bytes(), start = bytes.substr(0, kContentBytes);
  check_usage(!bytes.empty(), file.name(), ": is empty");
  refuse_lfs_pointer(start, file.name());
  const bool bin = extension_of(file.name()) == ".bin";
  // Four tokens of a .bin may look like a header's length, but hardly like one that fits.
  const bool pack =
      is_safetensors(start) && (!bin || number_at<uint64_t>(bytes, 0) <= bytes.size() - sizeof(uint64_t));
  if (pack) return pack_layout(file, split);
  std::optional<TokenLayout> layout;
  if (const LlmcKind* kind = llmc_kind(file)) {
    layout = llmc_layout(file, *kind);
  } else if (start.starts_with("\x93NUMPY")) {
    layout = npy_layout(file);
  } else if (bin) {
    layout = nanogpt_layout(file);
  } else {
    refuse_content(start, int64_t(bytes.size()), file.name(), kWanted);
  }
  return split == TokenSplit::kTrain ? layout : std::nullopt;
}

std::unique_ptr<TokenFile> open_tokens(const fs::path& path, TokenSplit split) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    const fs::path train = path / "train.bin", held_out = path / "val.bin";
    check_usage(fs::exists(train), path.string(), ": a folder without a train.bin");
    if (split == TokenSplit::kTrain) return open_tokens(train, TokenSplit::kTrain);
    return fs::exists(held_out) ? open_tokens(held_out, TokenSplit::kTrain) : nullptr;
  }
  auto file = std::make_unique<MappedFile>(path);
  const auto layout = token_layout(*file, split);
  if (!layout) return nullptr;
  check_usage(layout->count > 0, file->name(), ": holds no tokens");
  return std::make_unique<TokenFile>(std::move(file), *layout);
}

}  // namespace uvic

#include "language/token_texts.h"

#include <ATen/ATen.h>

#include "core/errors.h"
#include "io/input_file.h"
#include "io/npy_header.h"

namespace uvic {
namespace {

/// Of an .npy of tokens: how many rows it has, 1 of [n].
int64_t rows_of(const std::filesystem::path& path) {
  InputFile file(path);
  const NpyHeader header =
      read_npy_header([&](void* data, int64_t count) { file.read(data, count); }, file.name());
  return header.shape.size() == 2 ? header.shape[0] : 1;
}

}  // namespace

std::vector<int64_t> encode_named(const Tokenizer& tokenizer, const std::string& text,
                                  const std::string& name) {
  try {
    return tokenizer.encode(text);
  } catch (const UsageError& error) {
    usage_error(name, ": ", error.what());
  }
}

TokenTexts texts_of(const Tokenizer& tokenizer, const std::string& text, const std::string& name,
                    int64_t bos) {
  check_usage(!text.empty(), name, ": is empty");
  auto tokens = encode_named(tokenizer, text, name);
  if (bos >= 0) tokens.insert(tokens.begin(), bos);
  const auto unpredicted = int64_t(tokenizer.piece(tokens.front()).size());
  return {name, {in_memory(at::tensor(tokens, at::kLong), name)}, int64_t(text.size()) - unpredicted};
}

TokenTexts texts_of(const std::shared_ptr<const TokenFile>& file, const std::filesystem::path& path) {
  const TokenInfo& info = file->info();
  const int64_t rows = info.kind == ".npy" ? rows_of(path) : 1, length = file->size() / rows;
  TokenTexts found{file->name(), {}, 0};
  if (info.bos >= 0 && info.text_bytes > 0) found.bytes = info.text_bytes;
  for (int64_t row = 0; row < rows; ++row) {
    found.texts.push_back({rows > 1 ? c10::str(file->name(), ", row ", row) : file->name(), length,
                           [file, begin = row * length](int64_t first, int64_t count) {
                             return file->read(begin + first, count);
                           }});
  }
  return found;
}

}  // namespace uvic

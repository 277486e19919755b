#include "encoders/text_encoder_files.h"

#include <algorithm>
#include <array>

#include "core/errors.h"
#include "text/bpe_files.h"
#include "text/clip_files.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr std::array kWeightNames = {"model.safetensors",      "pytorch_model.bin",
                                     "model.fp16.safetensors", "open_clip_model.safetensors",
                                     "pytorch_model.fp16.bin", "open_clip_pytorch_model.bin"};

// Empty if there are none.
fs::path weights_in(const fs::path& folder) {
  const auto* const found = std::find_if(kWeightNames.begin(), kWeightNames.end(),
                                         [&](const char* name) { return fs::exists(folder / name); });
  return found == kWeightNames.end() ? fs::path() : folder / *found;
}

}  // namespace

std::string TextEncoderFiles::find_tokenizer() const {
  const auto found = std::find_if(tokenizers.begin(), tokenizers.end(), [](const fs::path& place) {
    return !find_bpe_vocabulary(place).empty() || !find_openai_vocabulary(place).empty();
  });
  return found == tokenizers.end() ? "" : found->string();
}

TextEncoderFiles find_text_encoder(const std::string& spec) {
  const fs::path path = spec;
  check_usage(fs::exists(path), "text encoder '", spec, "': neither a file nor a folder that is there");
  TextEncoderFiles files;
  if (fs::is_directory(path)) {
    files.folder = path;
    files.weights = weights_in(path);
    if (files.weights.empty()) {
      files.folder = path / "text_encoder";
      files.weights = weights_in(files.folder);
    }
    check_usage(!files.weights.empty(), spec, ": there is no text encoder here or in text_encoder/: no ",
                kWeightNames[0], ", ", kWeightNames[1], " or ", kWeightNames[3]);
  } else {
    files.weights = path;
    files.folder = path.has_parent_path() ? path.parent_path() : ".";
  }
  files.tokenizers = {files.folder, files.folder / "tokenizer", files.folder / ".." / "tokenizer"};
  return files;
}

}  // namespace uvic

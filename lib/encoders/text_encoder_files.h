#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace uvic {

/// Where a text encoder's parts may lie.
struct TextEncoderFiles {
  std::filesystem::path weights;
  std::filesystem::path folder;                   ///< of the weights, and of their configuration
  std::vector<std::filesystem::path> tokenizers;  ///< folders, the likeliest first

  /// That of the folders that has a tokenizer; empty if none has.
  std::string find_tokenizer() const;
};

/// By what the user says: a weights file; a folder of weights as transformers or open_clip name them; a
/// folder that holds such a one as text_encoder/, beside tokenizer/, as diffusers keeps pipelines. UsageError
/// for what is not there.
TextEncoderFiles find_text_encoder(const std::string& spec);

}  // namespace uvic

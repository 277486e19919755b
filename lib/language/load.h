// A language model out of a file or a run, ready to generate.
#pragma once
#include <c10/core/Device.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "language/recipe.h"
#include "text/tokenizer.h"

namespace uvic {

class Cogformer;

struct LoadedLanguageModel {
  std::filesystem::path file;                   ///< the weights file that was read
  std::string network = "ema";                  ///< which network of the file, see WeightsFile
  LanguageRecipeFile config;                    ///< effective: the file's own, then what was laid over it
  std::map<std::string, std::string> metadata;  ///< of the file
  std::unique_ptr<Tokenizer> tokenizer;         ///< null: what the tokens stand for is not known
  std::shared_ptr<Cogformer> model;
  c10::Device device = c10::kCPU;

  const LanguageRecipe& recipe() const { return config.recipe; }
};

/// What a user says beside the weights file, laid over the file's own configuration.
using LanguageOverlay = std::function<void(LanguageRecipeFile&)>;

/// Finds the file and the network in it and reads its configuration, no tensors. `weights`: as
/// find_weights_file's and WeightsFile's. Without a configuration of ours the authors' is read (see
/// authors_model), else the shapes say what they can. UsageError also names the keys in which configuration
/// and shapes contradict each other.
LoadedLanguageModel find_language_model(const std::filesystem::path& checkpoint, const std::string& weights,
                                        const LanguageOverlay& overlay = {},
                                        const std::string& option = "--checkpoint");

/// Builds the network on `device`, in evaluation mode, and reads its weights.
void load_weights_of(LoadedLanguageModel& loaded, c10::Device device);

/// The tokenizer that the weights were trained with: `spec` as open_tokenizer's, or "" for what the file says
/// (bytes need no files). UsageError where it is not the one by its hash, or has another vocabulary; null
/// where nothing is known and nothing said.
std::unique_ptr<Tokenizer> tokenizer_of(const LoadedLanguageModel& loaded, const std::string& spec);

/// The same check for any tokenizer; `option` is what the user wrote it behind.
void check_tokenizer(const Tokenizer& tokenizer, const std::string& spec,
                     const std::map<std::string, std::string>& metadata, int64_t vocab_size,
                     const std::string& source, const std::string& option = "--tokenizer");

}  // namespace uvic

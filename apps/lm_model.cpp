#include "lm_model.h"

namespace uvic {

void LanguageModelOptions::add_to(CLI::App& app, const std::string& section) {
  app.add_option("--checkpoint", checkpoint,
                 "weights: safetensors, the authors' .pth, a run directory or a checkpoint directory")
      ->required();
  app.add_option(
         "--weights", weights,
         "in a directory: ema (the largest decay), ema-DECAY or raw; in a file of several: ema, raw, or "
         "the key that they are under")
      ->capture_default_str();
  app.add_option(
      "--tokenizer", tokenizer,
      "bytes, a SentencePiece .model, or a folder of vocab.json and merges.txt; unless given, what "
      "the weights say (bytes need no files)");
  config.add_to(app, fields_of(std::as_const(defaults_)), section);
  common.add_to(app);
}

LoadedLanguageModel LanguageModelOptions::find() const {
  const c10::Device device = common.apply();
  auto loaded = find_language_model(checkpoint, weights, [this](LanguageRecipeFile& file) {
    config.apply_to(fields_of(file.recipe), &file.training);
  });
  loaded.device = device;
  loaded.tokenizer = tokenizer_of(loaded, tokenizer);
  return loaded;
}

LoadedLanguageModel LanguageModelOptions::load() const {
  auto loaded = find();
  load_weights_of(loaded, loaded.device);
  return loaded;
}

}  // namespace uvic

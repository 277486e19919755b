#include "language/load.h"

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "nn/cogformer.h"
#include "nn/cogformer_shapes.h"
#include "recipe/layout.h"
#include "recipe/weights_file.h"

namespace uvic {
namespace {

std::string value_of(const std::map<std::string, std::string>& metadata, const char* key) {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : found->second;
}

// Of weights without a configuration of ours.
LanguageRecipeFile recipe_beside(const WeightsFile& file) {
  LanguageRecipeFile found;
  if (const auto model = authors_model(file.settings(), file.metadata(), file.name())) {
    found.recipe.model = *model;
    log_info(file.name(), ": its authors' configuration was read: model.n_layers=", model->n_layers,
             ", dim=", model->dim, ", n_heads=", model->n_heads, ", attention=", model->attention);
    return found;
  }
  const CogformerOfShapes shapes = cogformer_of_shapes(file.shapes(), {});
  found.recipe.model = shapes.model;
  log_info(file.name(),
           ": has no configuration inside; sizes are read off the shapes of its weights, all else "
           "is the default unless set: model.n_heads=N, max_seq_length=N, attention=cog or softmax");
  return found;
}

}  // namespace

LoadedLanguageModel find_language_model(const std::filesystem::path& checkpoint, const std::string& weights,
                                        const LanguageOverlay& overlay, const std::string& option) {
  LoadedLanguageModel loaded;
  loaded.file = find_weights_file(checkpoint, weights, option);
  if (!std::filesystem::is_directory(checkpoint)) loaded.network = weights;
  const WeightsFile file(loaded.file, loaded.network, option, kCogformerNetwork);
  if (const std::string note = file.note(); !note.empty()) log_info(note);
  loaded.metadata = file.metadata();
  if (const std::string yaml = value_of(loaded.metadata, "uvic.config"); !yaml.empty()) {
    load_yaml(fields_of(loaded.config.recipe), yaml, file.name(), &loaded.config.training);
  } else {
    loaded.config = recipe_beside(file);
  }
  if (overlay) overlay(loaded.config);
  loaded.recipe().validate();
  refuse_contradictions(loaded.recipe().model, file.shapes(), file.name());
  return loaded;
}

void load_weights_of(LoadedLanguageModel& loaded, c10::Device device) {
  const std::string source = loaded.file.string();
  const TensorFile weights =
      WeightsFile(loaded.file, loaded.network, "--checkpoint", kCogformerNetwork).read();
  check_weights(parameter_shapes(loaded.recipe().model), weights.tensors, source);  // before one is made
  loaded.model = std::make_shared<Cogformer>(loaded.recipe().model);
  load_weights(*loaded.model, weights.tensors, source);
  loaded.model->to(device);
  loaded.model->eval();
  loaded.device = device;
}

std::unique_ptr<Tokenizer> tokenizer_of(const LoadedLanguageModel& loaded, const std::string& spec) {
  const std::string name = value_of(loaded.metadata, kTokenizerKey);
  if (spec.empty() && name != "bytes") return nullptr;
  auto tokenizer = open_tokenizer(spec.empty() ? name : spec);
  check_tokenizer(*tokenizer, spec.empty() ? name : spec, loaded.metadata, loaded.recipe().model.vocab_size,
                  loaded.file.string());
  return tokenizer;
}

void check_tokenizer(const Tokenizer& tokenizer, const std::string& spec,
                     const std::map<std::string, std::string>& metadata, int64_t vocab_size,
                     const std::string& source, const std::string& option) {
  const std::string hash = value_of(metadata, kTokenizerHashKey), name = value_of(metadata, kTokenizerKey);
  check_usage(hash.empty() || hash == tokenizer.fingerprint(), option, " ", spec, ": ", source,
              " was trained with another tokenizer (", name, " ", hash.substr(0, 12), "; this one is ",
              tokenizer.name(), " ", tokenizer.fingerprint().substr(0, 12), ")");
  check_usage(tokenizer.vocab_size() <= vocab_size, option, " ", spec, ": has ", tokenizer.vocab_size(),
              " tokens, the model of ", source, " only ", vocab_size);
}

}  // namespace uvic

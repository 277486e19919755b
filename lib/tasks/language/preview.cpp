#include "tasks/language/preview.h"

#include "core/errors.h"
#include "core/log.h"
#include "io/atomic_file.h"
#include "language/generate.h"
#include "recipe/layout.h"
#include "train/preview_file.h"

namespace uvic {

namespace {

GenerateOptions preview_options(const LanguageConfig& config) {
  GenerateOptions options = config.generate;
  options.length = config.preview.length;
  return options;
}

}  // namespace

std::vector<Prompt> preview_prompts(const LanguageConfig& config, const Tokenizer& tokenizer) {
  const int64_t bos = document_beginning(tokenizer, config.model);
  std::vector<Prompt> prompts;
  for (const std::string& text : config.preview.prompts) {
    Prompt prompt{.tokens = tokenizer.encode(text), .seed = int64_t(prompts.size())};
    if (bos >= 0) prompt.tokens.insert(prompt.tokens.begin(), bos);
    length_for(prompt, config.model, preview_options(config), "preview.prompts: '" + text + "'");
    prompts.push_back(std::move(prompt));
  }
  return prompts;
}

void write_texts(const std::shared_ptr<Cogformer>& model, const Tokenizer& tokenizer,
                 const std::vector<Prompt>& prompts, const LanguageConfig& config, int64_t step,
                 const TaskContext& context) {
  const GenerateOptions options = preview_options(config);
  const TextGenerator generator(LanguageNetwork(model, options.precision), options,
                                document_ends(&tokenizer, config.model));
  context.progress("writing texts");
  std::vector<GeneratedText> texts;
  try {
    texts = generator.run(prompts, {.stopped = context.stopping});
  } catch (const std::runtime_error& error) {
    log_warning("preview of step ", step, ": ", error.what());
    return;
  }
  if (context.stopping()) return;
  std::string all;
  for (size_t i = 0; i < texts.size(); ++i) {
    // Decoded together: whether a blank belongs before a word may depend on what is before it.
    auto tokens = prompts[i].tokens;
    tokens.insert(tokens.end(), texts[i].tokens.begin(), texts[i].tokens.end());
    all += c10::str("--- seed ", i, "\n", tokenizer.decode(tokens), "\n");
  }
  const auto file = context.run_directory / "samples" / (checkpoint_name(step) + ".txt");
  write_preview_file(file, step, [&] { write_file_atomically(file, all); });
}

}  // namespace uvic

#include "prompt_options.h"

#include "core/errors.h"
#include "text/text_list.h"

namespace uvic {

void PromptOptions::add_to(CLI::App& app, ConfigOptions& config) {
  auto* prompt =
      app.add_option("--prompt", prompts_,
                     "what a text-to-image model is to draw; given several times, seed s shows number s mod "
                     "their count")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
          ->allow_extra_args(false)
          ->group("Text");
  app.add_option("--prompts", file_, "instead: a file with a prompt a line, or a .json list of them")
      ->excludes(prompt)
      ->group("Text");
  app.add_option("--negative-prompt", negative_,
                 "what guidance (--cfg above 1) goes away from; default: the empty text")
      ->group("Text");
  config.add_alias(
      app, "--text-encoder", "text.encoder",
      "CLIP's text encoder: a folder, a weights file or a whole Stable Diffusion checkpoint; or a .npy "
      "of the states that another one has made of the texts of --tokenizer",
      "Text");
  config.add_alias(app, "--tokenizer", "text.tokenizer", "its tokenizer, where that lies elsewhere", "Text");
  config.add_alias(
      app, "--vae", "latents.vae",
      "the autoencoder that decodes latents: a folder, a weights file or a whole Stable Diffusion "
      "checkpoint",
      "Text");
}

Prompts PromptOptions::read() const {
  return {file_.empty() ? prompts_ : read_text_list(file_, "--prompts " + file_), negative_};
}

void check_prompts(const Prompts& prompts, const LoadedModel& loaded) {
  const Recipe& recipe = loaded.recipe();
  const std::string file = loaded.file.string();
  if (!recipe.model.has_context()) {
    check_usage(prompts.empty() && prompts.negative.empty(),
                prompts.empty() ? "--negative-prompt" : "--prompt", ": the model of ", file,
                recipe.model.conditional() ? " knows classes, no text; see --class" : " knows no text");
    return;
  }
  check_usage(recipe.text.has_encoder(), "text.encoder: none, but the model of ", file, " takes ",
              recipe.model.num_clip_token,
              " context tokens; --text-encoder names what makes them of prompts");
  check_usage(!prompts.empty(), "--prompt: the model of ", file,
              " draws what a text says: --prompt \"...\" or --prompts FILE");
  check_usage(recipe.sample.cfg == 1 || recipe.sample.has_guide() || recipe.has_null(),
              "sample.cfg: ", recipe.sample.cfg,
              " needs a model that has seen empty captions (diffusion.p_uncond above 0), or a guide; use 1");
  check_usage(prompts.negative.empty() || recipe.sample.cfg != 1,
              "--negative-prompt: has no effect without guidance; --cfg above 1");
}

Stages stages_of(const LoadedModel& loaded, c10::Device device) {
  const Recipe& recipe = loaded.recipe();
  Stages stages = open_stages(recipe, without_int8(recipe.sample.precision), device);
  if (stages.prompts) stages.prompts->check_same(loaded.metadata, loaded.file.string());
  if (stages.codec) stages.codec->check_same(loaded.metadata, loaded.file.string());
  return stages;
}

PromptRows prompt_rows(const Stages& stages) {
  if (!stages.prompts) return {};
  return [prompts = stages.prompts](const std::vector<std::string>& texts) { return prompts->ids(texts); };
}

}  // namespace uvic

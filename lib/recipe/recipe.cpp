#include "recipe/recipe.h"

#include "core/errors.h"
#include "recipe/plan.h"

namespace uvic {

void Recipe::resolve() {
  if (model.null_label != NullLabel::kAuto) return;
  const bool has_row = model.conditional() && diffusion.p_uncond > 0;
  model.null_label = has_row ? NullLabel::kLast : NullLabel::kNone;
}

void Recipe::validate() const {
  model.validate();
  diffusion.validate();
  plan_sampling(sample, diffusion);
  check_all_read(text, "text");
  check_all_read(latents, "latents");
  check_usage(text.learned() == model.learns_text(), "text.encoder: ", text.encoder,
              ", but model.text_vocab is ", model.text_vocab,
              text.learned() ? "; 259 fits the tokenizer of bytes" : "; learned goes with it");
  check_usage(!text.has_encoder() || model.has_context(), "text.encoder: ", text.encoder,
              " gives context tokens, but model.num_clip_token is 0; 77 for CLIP");
}

std::optional<RecipeFile> own_recipe(const std::map<std::string, std::string>& metadata,
                                     const std::string& source) {
  const auto yaml = metadata.find("uvic.config");
  if (yaml == metadata.end()) return std::nullopt;
  std::optional<RecipeFile> file(std::in_place);
  load_yaml(fields_of(file->recipe), yaml->second, source, &file->training);
  file->recipe.resolve();
  return file;
}

}  // namespace uvic

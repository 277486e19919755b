// What is needed to make something with a network: the network, its noise, how it is sampled.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "core/config.h"
#include "diffusion/options.h"
#include "nn/options.h"
#include "recipe/latent_options.h"
#include "recipe/sample_options.h"
#include "recipe/text_options.h"

namespace uvic {

struct Recipe {
  ModelOptions model;
  DiffusionOptions diffusion;
  SampleOptions sample;
  TextOptions text;
  LatentOptions latents;

  void visit(FieldList& fields) {
    fields.section("model", model);
    fields.section("diffusion", diffusion);
    fields.section("sample", sample);
    fields.section("text", text);
    fields.section("latents", latents);
  }

  /// Replaces "auto" where it depends on how the network is trained: model.null_label. What a weights file
  /// holds is resolved by what that file says, so that nothing said later turns the null label into a class.
  void resolve();
  /// Throws UsageError, naming the keys, if values of different keys do not go together.
  void validate() const;

  /// Whether sampling gives pictures.
  bool makes_pictures() const { return latents.has_vae() || model.makes_pictures(); }
  /// Whether there is something that guidance can subtract: the null label, or the empty caption.
  bool has_null() const { return model.null_row() >= 0 || (model.has_context() && diffusion.p_uncond > 0); }
};

/// A recipe among the sections that only its training read; they are kept as they were found.
struct RecipeFile {
  Recipe recipe = {};
  OtherSections training = OtherSections({"preview", "data", "optimizer", "train"});

  std::string to_yaml() const { return print_yaml(fields_of(recipe), training); }
};

/// The recipe inside a weights file (`uvic.config` of its metadata), resolved; nullopt if it has none: bare
/// safetensors, U-ViT's .pth. UsageError, `source` first, if it cannot be read.
std::optional<RecipeFile> own_recipe(const std::map<std::string, std::string>& metadata,
                                     const std::string& source);

}  // namespace uvic

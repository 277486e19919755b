// What stands before and behind a network and is not trained with it.
#pragma once
#include <map>
#include <memory>
#include <string>

#include "encoders/latent_codec.h"
#include "encoders/prompt_encoder.h"
#include "recipe/recipe.h"

namespace uvic {

struct Stages {
  std::shared_ptr<const PromptEncoder> prompts;  ///< null: the network reads no text
  std::shared_ptr<const LatentCodec> codec;      ///< null: what the network makes is not decoded

  /// "text: ...", "latents: ...", a line each; empty if there are none.
  std::string describe() const;
  /// What they are: hashes, by the keys of a recipe that name them.
  std::map<std::string, std::string> digests() const;
};

/// Those that the recipe names, in `precision` where they allow it.
Stages open_stages(const Recipe& recipe, Precision precision, c10::Device device);

}  // namespace uvic

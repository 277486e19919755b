#include "encoders/stages.h"

#include "core/text.h"

namespace uvic {

std::string Stages::describe() const {
  std::vector<std::string> lines;
  if (prompts) lines.push_back("text: " + prompts->describe());
  if (codec) lines.push_back("latents: " + codec->describe());
  return join(lines, "\n");
}

std::map<std::string, std::string> Stages::digests() const {
  std::map<std::string, std::string> digests;
  if (prompts) digests["text.encoder"] = prompts->identity();
  if (codec) digests["latents.vae"] = codec->decoder_sha256();
  return digests;
}

Stages open_stages(const Recipe& recipe, Precision precision, c10::Device device) {
  Stages stages;
  if (recipe.text.has_encoder())
    stages.prompts = std::make_shared<PromptEncoder>(recipe.model, recipe.text, precision, device);
  if (recipe.latents.has_vae())
    stages.codec = std::make_shared<LatentCodec>(recipe.model, recipe.latents, precision, device);
  return stages;
}

}  // namespace uvic

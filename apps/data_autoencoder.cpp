#include "data_autoencoder.h"

#include "core/errors.h"
#include "core/log.h"

namespace uvic {

void AutoencoderCommand::add_to(CLI::App& app) {
  app.add_option(
         "--vae", vae,
         "AutoencoderKL: a folder of diffusers (config.json and weights), a pipeline with one in vae, a "
         "weights file (also CompVis's and U-ViT's autoencoder_kl.pth), or a whole Stable Diffusion "
         "checkpoint")
      ->required();
  app.add_option(
         "--scaling-factor", scaling_factor,
         "factor on latents instead of the autoencoder's own (0): 0.18215 for Stable Diffusion, 0.23010 "
         "in U-ViT's MS-COCO")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  app.add_option("--precision", precision,
                 "fp32 or bf16; one whose config says force_upcast runs in fp32 all the same")
      ->check(CLI::IsMember(Choice<Precision>(Precision::kFp32).names()))
      ->capture_default_str();
  app.add_option("--batch-size", batch_size,
                 "pictures at a time; a CPU works on one after the other, whatever it is")
      ->check(CLI::Range(int64_t{1}, int64_t{65536}))
      ->capture_default_str();
  common.add_to(app);
}

LoadedAutoencoder AutoencoderCommand::load(bool scaled) const {
  const double factor = scaled ? scaling_factor : 1;
  return load_autoencoder(
      vae, {.device = common.apply(), .precision = Choice<Precision>(precision), .scaling_factor = factor});
}

}  // namespace uvic

#pragma once
#include <string>

#include "core/options.h"

namespace uvic {

/// What lies between pictures and what the network sees, where that is latents: the `latents` section.
struct LatentOptions {
  std::string vae = "none";
  double scaling_factor = 0;
  int64_t memory_mb = 4096;

  bool has_vae() const { return vae != "none"; }

  void visit(FieldList& fields) {
    fields("vae", vae,
           "AutoencoderKL that decodes what the network makes, and encodes images that are trained on as "
           "they are: a "
           "folder, a weights file or a whole Stable Diffusion checkpoint; none: the network sees pixels, or "
           "latents "
           "of a pack")
        .mark(kFreeOnResume | kPath);
    fields("scaling_factor", scaling_factor,
           "factor on its latents, instead of its own (0): 0.18215 for Stable Diffusion, 0.23010 in U-ViT's "
           "MS-COCO",
           at_least(0));
    fields("memory_mb", memory_mb, "MiB that decoding may take, in tiles if need be", between(16, 1e7))
        .mark(kFreeOnResume | kLastBits)
        .read_only_by({has_vae(), "autoencoders (latents.vae)"});
  }
};

}  // namespace uvic

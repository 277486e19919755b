// Latents in safetensors shards, as LightningDiT (https://github.com/hustvl/LightningDiT) extracts them.
#pragma once
#include <filesystem>
#include <memory>

#include "data/dataset.h"

namespace uvic {

/// The shards `*.safetensors` of a folder in the order of their names, or one of them alone; memory-mapped.
/// Each holds `latents` [n, C, H, W], float32, float16 or bfloat16: a sample of each image's latents, so that
/// moments() has a standard deviation of 0; `latents_flip`, the same of mirrored images, and `labels` [n],
/// whole numbers, either of them in all shards or in none. The network sees (latents - mean) / std a channel:
/// those of `latents_stats.pt` beside the shards; without that file, of at most 10,000 images evenly spread
/// over them, where LightningDiT draws as many. `training`: the shards are held out, and are seen as the
/// training data are. UsageError, naming the file: no shards, other tensors, shapes that disagree.
std::shared_ptr<const Dataset> open_latent_shards(const std::filesystem::path& path,
                                                  const Dataset* training = nullptr);

}  // namespace uvic

// The smallest training that exercises everything: 8 x 8 noise images of four classes, a two-block network.
#pragma once
#include "data/open.h"
#include "support/idx_files.h"
#include "tasks/diffusion/config.h"

namespace uvic::testing {

/// 24 images in `folder`, which is created.
inline std::filesystem::path write_tiny_set(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  write_set(folder, 24, 8, 8, 4);
  return folder;
}

inline DiffusionConfig tiny_config(const std::filesystem::path& data) {
  DiffusionConfig config;
  config.model.img_size = {8};
  config.model.embed_dim = 16;
  config.model.depth = 2;
  config.model.num_heads = 2;
  config.model.num_classes = 5;
  config.data.path = data.string();
  config.optimizer.lr = 1e-2;
  config.optimizer.warmup_steps = 1;
  config.train.steps = 6;
  config.train.batch_size = 4;
  config.train.ema = {0.9};
  config.train.log_interval = 2;
  config.train.sample_interval = 3;
  config.train.checkpoint_interval = 2;
  config.train.val_interval = 2;
  config.sample.solver = "ddim";
  config.sample.steps = 4;
  config.sample.cfg = 1.5;
  config.sample.batch_size = 4;
  config.preview.steps = 3;
  config.preview.images = 4;
  return config;
}

}  // namespace uvic::testing

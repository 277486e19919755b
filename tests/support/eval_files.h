// What an evaluation during training needs: an extractor of the small kind, and statistics of its features.
#pragma once
#include "metrics/stats_file.h"
#include "support/extractors.h"
#include "tasks/diffusion/config.h"

namespace uvic::testing {

/// Statistics that fit plain_network; `salt` makes others.
inline std::filesystem::path write_eval_stats(const std::filesystem::path& path, int salt = 0) {
  FeatureSet set;
  set.pooled = {at::full({4}, 0.5 + 0.1 * salt, at::kDouble), at::eye(4, at::kDouble) * 0.01};
  save_stats(path, set, at::kDouble);
  return path;
}

/// Evaluates every second step, four images each.
inline void add_evaluation(DiffusionConfig& config, const std::filesystem::path& folder) {
  config.train.eval_interval = 2;
  config.train.eval_images = 4;
  config.train.eval_stats = write_eval_stats(folder / "stats.npz").string();
  config.train.eval_features = plain_network(folder / "plain.pt").string();
}

}  // namespace uvic::testing

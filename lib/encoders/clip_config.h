// What a folder's configuration says of CLIP's text encoder.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include "nn/clip_text.h"

namespace uvic {

struct ClipConfig {
  std::string file;
  int64_t heads = 0, layers = 0;  ///< layers 0: not said
  double norm_eps = 1e-5;
  Choice<ClipActivation> activation = ClipActivation::kQuickGelu;
  /// Sizes that the weights' shapes tell, too, by the file's keys; 0: not said.
  int64_t vocab_size = 0, dim = 0, hidden_dim = 0, length = 0;
};

/// By transformers' config.json, its own or the `text_config` of a whole CLIP's, with transformers' defaults;
/// or by open_clip_config.json. nullopt where there is neither, and for a config.json of another model.
/// UsageError names file and key.
std::optional<ClipConfig> read_clip_config(const std::filesystem::path& folder);

/// Where it says something else than the shapes of the weights in file `weights`: a text with both files in
/// it; empty: nowhere. Fewer layers than there are in the weights are no contradiction but the first ones.
std::string contradiction(const ClipConfig& config, const ClipTextOptions& shapes,
                          const std::string& weights);

/// What it says of what the shapes do not tell, and its layers.
void apply_config(const ClipConfig& config, ClipTextOptions& options);

}  // namespace uvic

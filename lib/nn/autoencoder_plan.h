// How to decode latents within a limit of memory: which steps run on the whole picture, and which in tiles.
#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

#include "nn/autoencoder_steps.h"

namespace uvic {

/// Steps first .. last - 1 of a decoder.
struct DecodeStretch {
  size_t first = 0, last = 0;
  int64_t rows = 1, columns = 1;  ///< of tiles; one alone: the stretch is run whole

  bool tiled() const { return rows * columns > 1; }
};

struct DecodePlan {
  std::vector<DecodeStretch> stretches;
  int64_t peak_bytes = 0;  ///< of float32 activations of one picture, beside the weights

  bool tiled() const {
    return std::any_of(stretches.begin(), stretches.end(), [](const auto& part) { return part.tiled(); });
  }
};

/// For latents of height x width and `bytes` of memory. Where even the smallest tiles take more, so does the
/// plan, as its peak_bytes say.
DecodePlan plan_decoding(const AutoencoderSteps& steps, int64_t height, int64_t width, int64_t bytes);

/// How far the convolutions of a stretch see, in pixels of what it begins with.
int64_t border_of(const AutoencoderSteps& steps, const DecodeStretch& stretch);

/// By how much steps first .. last - 1 enlarge a side.
int64_t scale_of(const AutoencoderSteps& steps, size_t first, size_t last);

}  // namespace uvic

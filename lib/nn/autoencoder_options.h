#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace uvic {

/// Sizes of an AutoencoderKL, by diffusers' names (its config.json).
struct AutoencoderOptions {
  int64_t in_channels = 3, out_channels = 3, latent_channels = 4;
  std::vector<int64_t> block_out_channels = {128, 256, 512, 512};  ///< a level each; between two a halving
  int64_t layers_per_block = 2;                                    ///< residual blocks a level
  int64_t norm_num_groups = 32;
  /// Levels whose residual blocks are each followed by attention; the first is 0 in both, that of the full
  /// resolution (AttnDownEncoderBlock2D and AttnUpDecoderBlock2D in a config).
  std::vector<int64_t> encoder_attention = {}, decoder_attention = {};
  bool mid_block_add_attention = true, use_quant_conv = true, use_post_quant_conv = true;

  bool operator==(const AutoencoderOptions&) const = default;

  int64_t levels() const { return int64_t(block_out_channels.size()); }
  /// Pixels of a side for one latent.
  int64_t downscale() const { return int64_t{1} << (levels() - 1); }
  /// UsageError, `source` and the key first, for values that cannot be, or do not go together.
  void validate(const std::string& source) const;
};

}  // namespace uvic

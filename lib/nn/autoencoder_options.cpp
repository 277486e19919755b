#include "nn/autoencoder_options.h"

#include "core/errors.h"

namespace uvic {
namespace {

constexpr int64_t kMostChannels = 65536, kMostLevels = 8, kMostLayers = 64;

}  // namespace

void AutoencoderOptions::validate(const std::string& source) const {
  const auto check_count = [&](const char* key, int64_t value, int64_t most) {
    check_usage(value >= 1 && value <= most, source, ": ", key, ": ", value, " must be 1 to ", most);
  };
  check_count("in_channels", in_channels, kMostChannels);
  check_count("out_channels", out_channels, kMostChannels);
  check_count("latent_channels", latent_channels, kMostChannels);
  check_count("layers_per_block", layers_per_block, kMostLayers);
  check_count("block_out_channels: levels", levels(), kMostLevels);
  check_count("norm_num_groups", norm_num_groups, kMostChannels);
  for (const int64_t channels : block_out_channels) {
    check_count("block_out_channels", channels, kMostChannels);
    check_usage(channels % norm_num_groups == 0, source, ": norm_num_groups: ", norm_num_groups,
                " must divide the ", channels, " of block_out_channels");
  }
}

}  // namespace uvic

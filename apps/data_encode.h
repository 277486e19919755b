// `uvic-data encode`: pictures into an autoencoder's latents.
#pragma once
#include "data_autoencoder.h"

namespace uvic {

struct EncodeCommand {
  AutoencoderCommand autoencoder;
  std::string in, out;
  int64_t image_size = 0;
  bool moments = false;

  void add_to(CLI::App& app);
  int run() const;
};

}  // namespace uvic

// `uvic-data decode`: an autoencoder's latents into pictures.
#pragma once
#include "data_autoencoder.h"

namespace uvic {

struct DecodeCommand {
  AutoencoderCommand autoencoder;
  std::string in, out;
  bool unscaled = false;
  int64_t memory_mb = 4096;

  void add_to(CLI::App& app);
  int run() const;
};

}  // namespace uvic

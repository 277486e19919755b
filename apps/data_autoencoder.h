// What the commands that use an autoencoder share.
#pragma once
#include "app.h"
#include "encoders/autoencoder.h"

namespace uvic {

/// --vae, --scaling-factor, --precision, --batch-size, and the options of every program.
struct AutoencoderCommand {
  CommonOptions common;
  std::string vae, precision = "fp32";
  double scaling_factor = 0;
  int64_t batch_size = 8;

  void add_to(CLI::App& app);
  /// Where `scaled` is false, nobody asks by what its latents are scaled.
  LoadedAutoencoder load(bool scaled) const;
};

}  // namespace uvic

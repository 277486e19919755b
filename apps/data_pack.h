// `uvic-data pack`: a data set into one file for training.
#pragma once
#include <string>
#include <vector>

#include "app.h"
#include "data/options.h"
#include "data/pack/write.h"

namespace uvic {

struct PackDataCommand {
  CommonOptions common;
  std::string in, out, vae, precision = "fp32", latents_type, text_encoder, tokenizer, states_type = "fp16";
  double scaling_factor = 0;
  std::vector<int64_t> image_size;
  int64_t channels = 3, caption_length = 0, batch_size = 8;
  bool held_out = false, mirrored = false, states = false;
  DataOptions data;

  void add_to(CLI::App& app);
  int run();

 private:
  void add_data_options(CLI::App& app);
  void check() const;
  std::shared_ptr<const Dataset> open(BadFiles& bad);
  PackOptions options(const Dataset& dataset, c10::Device device) const;

  std::vector<std::string> assignments_;  // "kind=folder", of the keys of `data`
};

}  // namespace uvic

// `uvic-data encode-text`: captions into the states of a text encoder.
#pragma once
#include "app.h"
#include "encoders/text_encoder.h"

namespace uvic {

struct EncodeTextCommand {
  CommonOptions common;
  std::string encoder, tokenizer, captions, out, tokens_out, precision = "fp32", layer = "auto";
  TextEncoderOptions options;
  int64_t batch_size = 64;

  void add_to(CLI::App& app);
  int run();
};

}  // namespace uvic

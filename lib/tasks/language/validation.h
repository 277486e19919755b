// The loss on held-out text.
#pragma once
#include <memory>

#include "data/tokens.h"
#include "dist/world.h"
#include "tasks/language/config.h"

namespace uvic {

class Cogformer;

/// The same windows every time: of the model's context, one behind the other, up to train.val_tokens tokens
/// that are spread evenly over the text.
class TokenValidation {
 public:
  /// UsageError, naming the text, for one shorter than model.max_seq_length + 1.
  TokenValidation(std::shared_ptr<const TokenFile> tokens, const LanguageConfig& config, c10::Device device);

  /// The mean loss of the network as it stands, in nats a token.
  double loss(Cogformer& model, const World& world = {}) const;
  /// The same in bits for each byte of text; NaN where the bytes of the text are not known.
  double bits_per_byte(double loss) const;

 private:
  std::shared_ptr<const TokenFile> tokens_;
  int64_t context_, windows_, micro_batch_;
  Precision precision_;
  c10::Device device_;
};

}  // namespace uvic

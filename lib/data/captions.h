// What the images of a set are captioned with.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace uvic {

/// Images have the numbers that they have in their set. Thread-safe.
class Captions {
 public:
  virtual ~Captions() = default;
  /// Captions of an image: at least 1.
  virtual int64_t count(int64_t image) const = 0;
  /// One of them, UTF-8; empty where only `states` were kept.
  virtual std::string text(int64_t image, int64_t caption) const = 0;
  /// The fingerprint of the tokenizer that made `ids`, see Tokenizer; empty: there are no ids.
  virtual std::string tokenizer() const { return {}; }
  /// Its padded row of token ids; empty where there are none.
  virtual std::vector<int32_t> ids(int64_t /*image*/, int64_t /*caption*/) const { return {}; }
  /// A text encoder's states, float32 [tokens, dim], zero where a mask says that there is no token;
  /// undefined: none were kept. Then every caption has them.
  virtual at::Tensor states(int64_t /*image*/, int64_t /*caption*/) const { return {}; }
  /// SHA-256 of the weights of the encoder that made them; empty: there are none, or it is not known.
  virtual std::string states_encoder() const { return {}; }
  /// Those of the empty caption, which guidance goes against; undefined: zeros.
  virtual at::Tensor null_states() const { return {}; }
};

}  // namespace uvic

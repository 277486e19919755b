// A Cogformer prepared for generation: token by token, with what came before in a cache.
#pragma once
#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "nn/cogformer.h"
#include "nn/key_value_cache.h"

namespace uvic {

class CogformerDecoder {
 public:
  /// Takes the weights as they are now: matrices turned to [out, in], those that read the same rows joined,
  /// in `dtype` (float32, bfloat16; float64 for tests), with keys and values in the same; norms, sums and the
  /// residual stream are float32 (float64). Of bfloat16 half the memory is read a token, which is the time.
  CogformerDecoder(const Cogformer& model, c10::ScalarType dtype);

  const CogformerOptions& options() const { return options_; }
  KeyValueCache new_cache(int64_t rows, int64_t capacity) const;

  /// Goes on with row `row` of the cache: tokens int64 [T] on the CPU, of which the cache keeps keys and
  /// values; T > 0. Logits of the token that follows them, [vocab_size]. c10::Error where the cache is too
  /// small.
  at::Tensor extend(KeyValueCache& cache, int64_t row, const at::Tensor& tokens) const;
  /// One token more of each of `rows`: tokens int64 [rows] on the CPU. Logits [rows, vocab_size]; those of a
  /// row do not depend, to the bit, on the rows beside it while there are 16 of them at most, on the CPU.
  at::Tensor step(KeyValueCache& cache, const std::vector<int64_t>& rows, const at::Tensor& tokens) const;

 private:
  struct Layer {
    AttentionKind kind;
    at::Tensor attention_norm, qkv, attention_out, ffn_norm, gate_and_value, ffn_out;
  };
  using Attend =
      std::function<at::Tensor(size_t layer, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v)>;

  at::Tensor norm(const at::Tensor& x, const at::Tensor& weight) const;
  at::Tensor logits(const at::Tensor& x) const;
  at::Tensor run(const at::Tensor& tokens, const at::Tensor& positions, const Attend& attend) const;
  at::Tensor attend(AttentionKind kind, const at::Tensor& q, const at::Tensor& keys,
                    const at::Tensor& values) const;
  void check_room(const KeyValueCache& cache, int64_t row, const at::Tensor& tokens) const;

  CogformerOptions options_;
  c10::ScalarType dtype_, wide_;
  at::Tensor embedding_, norm_, output_, rotation_;
  std::vector<Layer> layers_;
};

}  // namespace uvic

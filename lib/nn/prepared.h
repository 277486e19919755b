// Linear layers' weights laid out for evaluation on the CPU, see kernels/linear.h.
#pragma once
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <map>
#include <memory>

#include "core/precision.h"
#include "kernels/linear.h"

namespace uvic {

/// The layers of one network, each prepared when it is first asked for: weights are those of that moment. The
/// network must outlive this.
class PreparedWeights {
 public:
  explicit PreparedWeights(InferencePrecision precision) : precision_(precision) {}

  /// A layer of a block. In int8 one whose weight loses too much stays bfloat16.
  const PackedLinear& of(const at::Tensor& weight, const at::Tensor& bias);
  const PackedLinear& of(const torch::nn::Linear& layer) { return of(layer->weight, layer->bias); }
  /// One whose errors go straight into the image: float32 whatever the precision.
  const PackedLinear& exact(const torch::nn::Linear& layer);

  /// Of what passes from layer to layer inside a block; what blocks hand on is float32.
  at::ScalarType dtype() const {
    return precision_ == InferencePrecision::kFp32 ? at::kFloat : at::kBFloat16;
  }

 private:
  const PackedLinear& packed(const at::Tensor& weight, const at::Tensor& bias, WeightFormat format);
  WeightFormat format_of(const at::Tensor& weight) const;

  InferencePrecision precision_;
  std::map<const void*, PackedLinear> layers_;  // by the weight's identity
};

/// A call whose rows go through the norm first, with a result in `dtype`.
LinearCall normed(const torch::nn::LayerNorm& norm, const at::Tensor& x, at::ScalarType dtype = at::kFloat);

/// What blocks on this thread evaluate with; null: with LibTorch's own layers.
PreparedWeights* prepared_weights();

/// Puts weights in force on this thread for a scope.
class PreparedScope {
 public:
  explicit PreparedScope(PreparedWeights* weights);
  ~PreparedScope();
  PreparedScope(const PreparedScope&) = delete;
  PreparedScope& operator=(const PreparedScope&) = delete;

 private:
  PreparedWeights* outer_;
};

}  // namespace uvic

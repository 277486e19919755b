#include "nn/prepared.h"

#include <utility>

namespace uvic {
namespace {

// Of a weight's norm: a normal distribution loses 0.8 to 1 % of it; more says that single weights stand so
// far out that 127 steps are too few for the others.
constexpr double kMostInt8Error = 0.02;

thread_local PreparedWeights* in_force = nullptr;

}  // namespace

const PackedLinear& PreparedWeights::packed(const at::Tensor& weight, const at::Tensor& bias,
                                            WeightFormat format) {
  const void* key = weight.unsafeGetTensorImpl();
  auto at = layers_.find(key);
  if (at == layers_.end()) at = layers_.emplace(key, PackedLinear(weight, bias, format)).first;
  return at->second;
}

WeightFormat PreparedWeights::format_of(const at::Tensor& weight) const {
  if (precision_ == InferencePrecision::kFp32) return WeightFormat::kFp32;
  if (precision_ == InferencePrecision::kBf16) return WeightFormat::kBf16;
  return int8_error(weight) <= kMostInt8Error ? WeightFormat::kInt8 : WeightFormat::kBf16;
}

const PackedLinear& PreparedWeights::of(const at::Tensor& weight, const at::Tensor& bias) {
  const auto known = layers_.find(weight.unsafeGetTensorImpl());
  return known != layers_.end() ? known->second : packed(weight, bias, format_of(weight));
}

const PackedLinear& PreparedWeights::exact(const torch::nn::Linear& layer) {
  return packed(layer->weight, layer->bias, WeightFormat::kFp32);
}

LinearCall normed(const torch::nn::LayerNorm& norm, const at::Tensor& x, at::ScalarType dtype) {
  return {.x = x,
          .norm_weight = norm->weight,
          .norm_bias = norm->bias,
          .norm_eps = norm->options.eps(),
          .dtype = dtype};
}

PreparedWeights* prepared_weights() {
  return in_force;
}

PreparedScope::PreparedScope(PreparedWeights* weights) : outer_(std::exchange(in_force, weights)) {}

PreparedScope::~PreparedScope() {
  in_force = outer_;
}

}  // namespace uvic

// Linear layers of a network that is only evaluated, on the CPU: weights are laid out once for this machine's
// products of matrices, and what stands before and behind a product is done while its rows are in the cache.
#pragma once
#include <ATen/core/Tensor.h>

#include <memory>

namespace uvic {
namespace cpu {
struct Isa;
}

/// How a layer's weight is kept, and what it multiplies with it. int8 is W8A8.
enum class WeightFormat { kFp32, kBf16, kInt8 };

/// One call: y = residual + activation(norm([x, beside]) W^T + bias). All on the CPU.
struct LinearCall {
  at::Tensor x = {};       ///< [..., in], float32 or bfloat16
  at::Tensor beside = {};  ///< [..., n], as x: the columns after x's, which are then in - n
  at::Tensor norm_weight = {}, norm_bias = {};  ///< float32 [in]: of a LayerNorm over the columns
  double norm_eps = 1e-5;
  bool gelu = false;                  ///< exact GELU
  at::Tensor residual = {};           ///< float32 [..., out]
  at::ScalarType dtype = at::kFloat;  ///< of y: float32 or bfloat16
};

/// A weight [out, in] and a bias [out], float32, as they are when this is made. In bf16 the weight and what
/// it multiplies are rounded to bfloat16. In int8 (W8A8) the weight is rounded to 127 steps a side, a step an
/// output channel, and so is each row of what it multiplies, a step a token; sums are exact. A row's result
/// does not depend on the rows beside it. Not differentiable. c10::Error names what does not fit.
class PackedLinear {
 public:
  /// `isa`: whose kernels; null: this CPU's fastest.
  PackedLinear(const at::Tensor& weight, const at::Tensor& bias, WeightFormat format,
               const cpu::Isa* isa = nullptr);
  ~PackedLinear();
  PackedLinear(PackedLinear&&) noexcept;

  at::Tensor operator()(const LinearCall& call) const;
  /// second(next) of what this makes of `call`, which is next.x and need not be given. The same bits, but
  /// what lies between goes from layer to layer in the cache, a block of rows at a time.
  at::Tensor then(const LinearCall& call, const PackedLinear& second, const LinearCall& next) const;

 private:
  struct Layout;
  struct Checked;
  Checked check(const LinearCall& call) const;
  std::unique_ptr<Layout> layout_;
};

/// What rounding a weight [out, in] to int8 leaves of it, as |W - rounded| / |W| over the whole.
double int8_error(const at::Tensor& weight);

}  // namespace uvic

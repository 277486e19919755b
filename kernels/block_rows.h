// What a transformer's block does between its matrix products in training, forward and backward, each in one
// pass over memory where ATen takes several. On CPUs and NVIDIA GPUs. Plain functions: nn/fused_block.cpp
// makes the graph.
#pragma once
#include <ATen/core/Tensor.h>

namespace uvic {
namespace cpu {
struct Isa;
}

/// Whether there are kernels for blocks `dim` wide whose MLP is `hidden` wide: on a CPU always; on a GPU
/// of sm_80 or later where the library has CUDA, for multiples of 4 and up to 2048 wide.
bool can_run_block_rows(c10::Device device, int64_t dim, int64_t hidden);
/// On GPUs these have been compiled and emulated, not run: nothing takes them there unless it asks for fused
/// kernels. True once `make gpu-check` has passed with them.
inline constexpr bool kBlockRowsAreProvenOnGpus = false;

/// `dtype` is that of the matrix products, float32 or bfloat16; the residual stream, weights, biases and sums
/// are float32. R rows, all contiguous.
/// `isa`: whose kernels on a CPU; null: this one's fastest.
struct Residual {
  at::Tensor sum;          ///< [R, C], x + change + bias
  at::Tensor normed;       ///< [R, C] in `dtype`, LayerNorm(sum)
  at::Tensor mean, scale;  ///< [R], of the norm; 1 / sqrt(variance + eps)
};
/// x [R, C] and change [R, C] in `dtype`, of which one may be undefined; bias [C], may be undefined, as may
/// the norm's `weight` and `norm_bias` [C]: then there is no norm.
Residual add_and_norm(const at::Tensor& x, const at::Tensor& change, const at::Tensor& bias,
                      const at::Tensor& weight, const at::Tensor& norm_bias, double eps, at::ScalarType dtype,
                      const cpu::Isa* isa = nullptr);

struct ResidualGrad {
  at::Tensor sum;                     ///< [R, C]
  at::Tensor rounded;                 ///< the same in `dtype`; of the change, too
  at::Tensor bias;                    ///< [C]
  at::Tensor norm_weight, norm_bias;  ///< [C]
};
/// grad [R, C] of the sum from elsewhere, grad_normed [R, C] in `dtype` or undefined, which is no norm.
ResidualGrad add_and_norm_backward(const at::Tensor& grad, const at::Tensor& grad_normed,
                                   const Residual& residual, const at::Tensor& weight, at::ScalarType dtype,
                                   const cpu::Isa* isa = nullptr);

/// gelu(x + bias), exact: x [R, F], bias float32 [F]. In x's dtype.
at::Tensor bias_gelu(const at::Tensor& x, const at::Tensor& bias, const cpu::Isa* isa = nullptr);
struct BiasGeluGrad {
  at::Tensor x;     ///< [R, F]
  at::Tensor bias;  ///< float32 [F]
};
BiasGeluGrad bias_gelu_backward(const at::Tensor& grad, const at::Tensor& x, const at::Tensor& bias,
                                const cpu::Isa* isa = nullptr);

}  // namespace uvic

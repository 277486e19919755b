// The gradient of a linear layer's weight, on the CPU, in float32.
#pragma once
#include <ATen/core/Tensor.h>

namespace uvic {
namespace cpu {
struct Isa;
}

/// dL / dW of y = x W^T: grad^T x, float32 [out, in], of grad = dL / dy [R, out] and x [R, in], float32 on
/// the CPU. Sums run over the rows in order, for any number of threads. c10::Error names what does not fit.
/// `isa`: whose kernels; null: this CPU's fastest.
at::Tensor weight_grad(const at::Tensor& grad, const at::Tensor& x, const cpu::Isa* isa = nullptr);

}  // namespace uvic

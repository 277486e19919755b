// What stands between the matrix products of a language model, forward and backward, each in one pass over
// memory where ATen takes several. On the CPU; differentiable once.
#pragma once
#include <ATen/core/Tensor.h>

namespace uvic {

/// x / sqrt(mean(x^2) + eps) * weight over the last dimension (RMSNorm, arXiv 1910.07467). x [..., C], weight
/// [C]; in x's dtype, or that of autocast where it is on, as what follows is a matrix product.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

/// Turns each pair of neighbours (2j, 2j + 1) of x [B, T, H, D] by `rotation`, complex64 [T or B x T, D / 2],
/// whose rows are its positions' (RoFormer, arXiv 2104.09864). In x's dtype; no gradient of `rotation`.
at::Tensor rotate(const at::Tensor& x, const at::Tensor& rotation);

/// gate * silu(x), elementwise (SwiGLU, arXiv 2002.05202). Both of one shape and dtype, which the result has.
at::Tensor swiglu(const at::Tensor& gate, const at::Tensor& x);

}  // namespace uvic

// The layout that every kernel gives its results.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

namespace uvic {

/// [B, H, N, D] like x over memory of [B, N, H, D]: the projection that follows reads it without a copy.
inline at::Tensor empty_token_major(const at::Tensor& x, at::ScalarType dtype) {
  return at::empty({x.size(0), x.size(2), x.size(1), x.size(3)}, x.options().dtype(dtype)).transpose(1, 2);
}
inline at::Tensor empty_token_major(const at::Tensor& x) {
  return empty_token_major(x, x.scalar_type());
}

/// The lse of queries q: [B, H, N], float32, or float64 for float64 inputs.
inline at::Tensor empty_statistics(const at::Tensor& q) {
  const auto dtype = q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return at::empty({q.size(0), q.size(1), q.size(2)}, q.options().dtype(dtype));
}

}  // namespace uvic

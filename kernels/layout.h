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

}  // namespace uvic

// From a dtype and a head size known at run time to template arguments.
#pragma once
#include <c10/core/ScalarType.h>

#include <iterator>

#include "kernels/cuda/params.h"

namespace uvic::cuda {

/// One translation unit each, times three element types. The build reads this line too.
constexpr int kHeadDims[] = {32, 64, 72, 80, 96, 128};

template <class T, class F, size_t i = 0>
auto dispatch_head_dim(int64_t head_dim, const F& f) {
  if constexpr (i + 1 < std::size(kHeadDims))
    if (head_dim != kHeadDims[i]) return dispatch_head_dim<T, F, i + 1>(head_dim, f);
  return f.template operator()<T, kHeadDims[i]>();
}

/// f.operator()<T, D>() for a dtype and a head size that have kernels.
template <class F>
auto dispatch(at::ScalarType dtype, int64_t head_dim, const F& f) {
  if (dtype == at::kHalf) return dispatch_head_dim<Half>(head_dim, f);
  if (dtype == at::kBFloat16) return dispatch_head_dim<BFloat16>(head_dim, f);
  return dispatch_head_dim<Float>(head_dim, f);
}

}  // namespace uvic::cuda

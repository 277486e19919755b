#include "kernels/cuda/plan.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include <algorithm>
#include <limits>

#include "kernels/cuda/dispatch.h"

namespace uvic::cuda {

bool built() {
  static const bool found = c10::Dispatcher::singleton()
                                .findSchemaOrThrow("uvic::cog_attention", "")
                                .hasKernelForDispatchKey(c10::DispatchKey::CUDA);
  return found;
}

std::string coverage(at::ScalarType dtype, int64_t head_dim, bool have_kernels) {
  if (!have_kernels) return "this build has no CUDA kernels";
  if (dtype != at::kHalf && dtype != at::kBFloat16 && dtype != at::kFloat)
    return c10::str("the CUDA kernels take float16, bfloat16 and float32, not ", dtype);
  if (std::find(std::begin(kHeadDims), std::end(kHeadDims), head_dim) == std::end(kHeadDims))
    return c10::str("the CUDA kernels take head sizes ", c10::ArrayRef<int>(kHeadDims), ", not ", head_dim);
  return "";
}

std::string limits(at::ScalarType dtype, int64_t head_dim, int64_t batch, int64_t heads, int64_t queries,
                   int64_t keys) {
  constexpr int64_t kPositions = int64_t(1) << 30, kBlocks = std::numeric_limits<int32_t>::max();
  if (std::max(queries, keys) > kPositions)
    return c10::str("the CUDA kernels take up to 2^30 positions, not ", std::max(queries, keys));
  if (batch * heads > kBlocks)
    return c10::str("the CUDA kernels take up to 2^31 - 1 heads, not ", batch * heads);
  Problem p;
  p.batch = int(batch), p.heads = int(heads), p.queries = int(queries), p.keys = int(keys);
  for (const Pass pass : {Pass::kForward, Pass::kStatistics, Pass::kQueryGradient, Pass::kKeyGradients}) {
    const int64_t blocks = block_count(pass, kernel_shape(pass, dtype, head_dim), p);
    if (blocks > kBlocks)
      return c10::str("a CUDA grid takes up to 2^31 - 1 blocks; ", batch * heads, " heads of ", queries,
                      " x ", keys, " scores need ", blocks);
  }
  return "";
}

KernelShape kernel_shape(Pass pass, at::ScalarType dtype, int64_t head_dim) {
  return dispatch(dtype, head_dim, [&]<class T, int D>() { return kernel_shape<T, D>(pass); });
}

bool readable_in_place(const at::Tensor& x) {
  const auto aligned = [&](int64_t elements) { return elements * x.element_size() % 16 == 0; };
  return x.stride(3) == 1 && reinterpret_cast<uintptr_t>(x.data_ptr()) % 16 == 0 && aligned(x.stride(0)) &&
         aligned(x.stride(1)) && aligned(x.stride(2));
}

View view_of(const at::Tensor& x) {
  return {x.data_ptr(), x.stride(0), x.stride(1), x.stride(2)};
}

}  // namespace uvic::cuda

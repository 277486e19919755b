// The Autocast keys of uvic::cog_attention: q, k, v are cast to the autocast dtype, as ATen does for SDPA.
#include <ATen/autocast_mode.h>
#include <torch/library.h>

#include "kernels/cog_attention.h"

namespace uvic {
namespace {

using at::Tensor;

template <c10::DispatchKey key, c10::DeviceType device>
std::tuple<Tensor, Tensor> forward_autocast(const Tensor& q, const Tensor& k, const Tensor& v,
                                            std::optional<double> scale, bool causal,
                                            std::optional<bool> fused) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(key);
  const auto dtype = at::autocast::get_autocast_dtype(device);
  const auto cast = [&](const Tensor& x) { return at::autocast::cached_cast(dtype, x, device); };
  return cog_attention(cast(q), cast(k), cast(v), scale, causal, fused);
}

}  // namespace

TORCH_LIBRARY_IMPL(uvic, AutocastCPU, library) {
  library.impl("cog_attention", forward_autocast<c10::DispatchKey::AutocastCPU, c10::kCPU>);
}
TORCH_LIBRARY_IMPL(uvic, AutocastCUDA, library) {
  library.impl("cog_attention", forward_autocast<c10::DispatchKey::AutocastCUDA, c10::kCUDA>);
}

}  // namespace uvic

// The Autocast keys of uvic::attention: q, k, v are cast to the autocast dtype, as ATen does for SDPA.
#include <ATen/autocast_mode.h>
#include <torch/library.h>

#include "kernels/checks.h"
#include "kernels/cog_attention.h"

namespace uvic {
namespace {

using at::Tensor;

template <c10::DispatchKey key, c10::DeviceType device>
std::tuple<Tensor, Tensor> forward_autocast(int64_t kind, const Tensor& q, const Tensor& k, const Tensor& v,
                                            std::optional<double> scale, bool causal,
                                            std::optional<bool> fused,
                                            const std::optional<Tensor>& cu_seqlens) {
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(key);
  const auto dtype = at::autocast::get_autocast_dtype(device);
  const auto cast = [&](const Tensor& x) { return at::autocast::cached_cast(dtype, x, device); };
  return attention(kind_of(kind), cast(q), cast(k), cast(v), scale, causal, fused, cu_seqlens);
}

}  // namespace

TORCH_LIBRARY_IMPL(uvic, AutocastCPU, library) {
  library.impl("attention", forward_autocast<c10::DispatchKey::AutocastCPU, c10::kCPU>);
}
TORCH_LIBRARY_IMPL(uvic, AutocastCUDA, library) {
  library.impl("attention", forward_autocast<c10::DispatchKey::AutocastCUDA, c10::kCUDA>);
}

}  // namespace uvic

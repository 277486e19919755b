#include "kernels/cog_attention.h"
#include "kernels/cpu/cog_attention_cpu.h"

namespace uvic {
namespace {

std::string coverage(c10::DeviceType device, at::ScalarType dtype, int64_t head_dim) {
  if (device == c10::kCPU) return cpu::coverage(dtype, head_dim);
  return c10::str("there is no fused kernel for ", c10::DeviceTypeName(device, /*lower_case=*/true));
}

}  // namespace

KernelChoice choose_kernel(c10::DeviceType device, at::ScalarType dtype, int64_t head_dim,
                           std::optional<bool> fused) {
  if (fused.has_value() && !*fused) return {false, "unfused, as asked"};
  const std::string why_not = coverage(device, dtype, head_dim);
  TORCH_CHECK(!fused.value_or(false) || why_not.empty(), "cog_attention: fused is not possible: ", why_not);
  if (!why_not.empty()) return {false, "unfused (" + why_not + ")"};
  return {true, "fused, CPU " + cpu::default_isa().name};
}

}  // namespace uvic

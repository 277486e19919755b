#include "kernels/choose.h"

#include "kernels/cog_attention.h"
#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/cuda/plan.h"

namespace uvic {
namespace {

// Turn on when `make gpu-check` has passed on a GPU; until then `auto` means plain ATen there.
constexpr bool kCudaIsProven = false;

std::string coverage(c10::DeviceType device, at::ScalarType dtype, int64_t head_dim) {
  if (device == c10::kCPU) return cpu::coverage(dtype, head_dim);
  if (device == c10::kCUDA) return cuda::coverage(dtype, head_dim);
  return c10::str("there is no fused kernel for ", c10::DeviceTypeName(device, /*lower_case=*/true));
}

std::string name(c10::DeviceType device, at::ScalarType dtype) {
  if (device == c10::kCPU) return "CPU " + cpu::default_isa().name;
  return dtype == at::kFloat ? "CUDA float32, sm_80 and later" : "CUDA tensor cores, sm_80 and later";
}

}  // namespace

bool runs_fused(c10::DeviceType device, at::ScalarType dtype, int64_t head_dim, std::optional<bool> fused) {
  if (fused.has_value() && !*fused) return false;
  const std::string why_not = coverage(device, dtype, head_dim);
  TORCH_CHECK(!fused.value_or(false) || why_not.empty(), "cog_attention: fused is not possible: ", why_not);
  return why_not.empty() && (device != c10::kCUDA || kCudaIsProven || fused.has_value());
}

KernelChoice choose_kernel(c10::DeviceType device, at::ScalarType dtype, int64_t head_dim,
                           std::optional<bool> fused) {
  if (runs_fused(device, dtype, head_dim, fused)) return {true, "fused, " + name(device, dtype)};
  if (fused.has_value()) return {false, "unfused, as asked"};
  const std::string why_not = coverage(device, dtype, head_dim);
  if (!why_not.empty()) return {false, "unfused (" + why_not + ")"};
  return {false, "unfused (the CUDA kernel is not yet proven on a GPU; `fused` asks for it)"};
}

}  // namespace uvic

#include "kernels/choose.h"

#include <algorithm>
#include <cmath>

#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/cuda/plan.h"

namespace uvic {
namespace {

using Call = AttentionCall;

constexpr int64_t kMaxCpuHeadDim = 256, kMaxCudaPositions = int64_t(1) << 30;

/// What the fused kernels of a device ask of a call.
struct Condition {
  bool (*met)(const Call&);
  std::string (*why_not)(const Call&);
  bool yields = false;  ///< plain ATen takes over also where the fused kernel was asked for
};

std::string no_kernels(const Call&) {
  return "there is no fused kernel for this kind of attention";
}

std::string scale_is(const Call& call) {
  return c10::str("scale ", call.scale, " is not positive");
}

bool is_one_of(at::ScalarType dtype, std::initializer_list<at::ScalarType> allowed) {
  return std::find(allowed.begin(), allowed.end(), dtype) != allowed.end();
}

constexpr Condition kCpuConditions[] = {
    {[](const Call& c) { return cpu::default_isa().kernels(c.kind) != nullptr; }, no_kernels},
    {[](const Call& c) {
       return is_one_of(c.dtype, {at::kFloat, at::kBFloat16, at::kDouble});
     },
     [](const Call& c) { return c10::str("dtype ", c.dtype, " is not float32, bfloat16 or float64"); }},
    {[](const Call& c) { return c.head_dim % 8 == 0; },
     [](const Call& c) { return c10::str("head size ", c.head_dim, " is not a multiple of 8"); }},
    {[](const Call& c) { return c.head_dim <= kMaxCpuHeadDim; },
     [](const Call& c) { return c10::str("head size ", c.head_dim, " is over ", kMaxCpuHeadDim); }},
    // A positive scale cannot change a sign.
    {[](const Call& c) { return c.scale > 0; }, scale_is, /*yields=*/true},
};

// 32-bit positions, and grid.x up to 2^31 - 1. Each of these holds where the next one counts.
constexpr Condition kCudaConditions[] = {
    {[](const Call& c) { return cuda::has_kernels(c.kind); }, no_kernels},
    {[](const Call& c) {
       return is_one_of(c.dtype, {at::kHalf, at::kBFloat16, at::kFloat});
     },
     [](const Call& c) {
       return c10::str("the CUDA kernels take float16, bfloat16 and float32, not ", c.dtype);
     }},
    {[](const Call& c) { return cuda::has_kernels(c.head_dim); },
     [](const Call& c) {
       return c10::str("the CUDA kernels take head sizes ", cuda::head_dims(), ", not ", c.head_dim);
     }},
    {[](const Call& c) { return std::max(c.queries, c.keys) <= kMaxCudaPositions; },
     [](const Call& c) {
       return c10::str("the CUDA kernels take up to 2^30 positions, not ", std::max(c.queries, c.keys));
     }},
    {[](const Call& c) { return c.batch * c.heads <= cuda::kMaxBlocks; },
     [](const Call& c) {
       return c10::str("the CUDA kernels take up to 2^31 - 1 heads, not ", c.batch * c.heads);
     }},
    {[](const Call& c) { return cuda::most_blocks(c) <= cuda::kMaxBlocks; },
     [](const Call& c) {
       return c10::str("a CUDA grid takes up to 2^31 - 1 blocks; ", c.batch * c.heads, " heads of ",
                       c.queries, " x ", c.keys, " scores need ", cuda::most_blocks(c));
     }},
    {[](const Call& c) { return c.compute_capability >= 8; },
     [](const Call& c) {
       return c10::str("the CUDA kernels need compute capability 8.0, this device has ",
                       c.compute_capability);
     }},
    {[](const Call&) { return cuda::built(); },
     [](const Call&) -> std::string { return "this build has no CUDA kernels"; }},
    {[](const Call& c) { return c.batch * c.heads * c.queries > 0; },
     [](const Call&) -> std::string { return "there are no queries"; }, /*yields=*/true},
    {[](const Call& c) { return c.scale > 0 && std::isfinite(c.scale); }, scale_is, /*yields=*/true},
};

constexpr Condition kOtherConditions[] = {{[](const Call&) { return false; },
                                           [](const Call& c) {
                                             return c10::str("there is no fused kernel for ",
                                                             c10::DeviceTypeName(c.device, true));
                                           }}};

c10::ArrayRef<Condition> conditions_of(c10::DeviceType device) {
  if (device == c10::kCPU) return kCpuConditions;
  if (device == c10::kCUDA) return kCudaConditions;
  return kOtherConditions;
}

}  // namespace

AttentionCall call_of(AttentionKind kind, const at::Tensor& q, const at::Tensor& k, double scale,
                      std::optional<bool> fused) {
  return {.device = q.device().type(),
          .dtype = q.scalar_type(),
          .head_dim = q.size(3),
          .fused = fused,
          .kind = kind,
          .scale = scale,
          .batch = q.size(0),
          .heads = q.size(1),
          .queries = q.size(2),
          .keys = k.size(2)};
}

KernelChoice choose_kernel(const AttentionCall& call) {
  const bool asked_for = call.fused.value_or(false);
  if (call.fused.has_value() && !asked_for) return {false, call, nullptr};
  for (const Condition& condition : conditions_of(call.device)) {
    if (condition.met(call)) continue;
    TORCH_CHECK(condition.yields || !asked_for,
                "cog_attention: fused is not possible: ", condition.why_not(call));
    return {false, call, condition.why_not};
  }
  return {true, call, nullptr};
}

std::string KernelChoice::description() const {
  if (!fused) return why_not ? "unfused (" + why_not(call) + ")" : "unfused, as asked";
  if (call.device == c10::kCPU) return "fused, CPU " + cpu::default_isa().name;
  return call.dtype == at::kFloat ? "fused, CUDA float32, sm_80 and later"
                                  : "fused, CUDA tensor cores, sm_80 and later";
}

}  // namespace uvic

// Which kernel a call of the operator runs, and why not the fused one.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "kernels/attention_kind.h"

namespace uvic {

/// A call of the operator, as far as its kernel depends on it. Who asks what a run will use knows the first
/// few members; the others are then those of a call that no kernel minds.
struct AttentionCall {
  c10::DeviceType device = c10::kCPU;
  at::ScalarType dtype = at::kFloat;
  int64_t head_dim = 64;
  /// true asks for the fused kernel, false for plain ATen, nullopt for the fused one where it exists.
  std::optional<bool> fused = std::nullopt;
  AttentionKind kind = AttentionKind::kCog;
  double scale = 1;
  int64_t batch = 1, heads = 1, queries = 1, keys = 1;
  int64_t documents = 0;       ///< of the batch, where attention is confined to them
  int compute_capability = 8;  ///< of a CUDA device, the major number
};

/// The call of q [B, H, N, D] and k [B, H, M, D].
AttentionCall call_of(AttentionKind kind, const at::Tensor& q, const at::Tensor& k, double scale,
                      std::optional<bool> fused);

struct KernelChoice {
  bool fused = false;
  AttentionCall call;
  std::string (*why_not)(const AttentionCall&) = nullptr;  ///< unless fused, or unfused as asked

  /// e.g. "fused, CPU AVX-512 bf16", "unfused (head size 12 is not a multiple of 8)", "unfused, as asked".
  std::string description() const;
};

/// The kernel that the call runs. Cheap enough for every call: text is made only where it is asked for.
/// c10::Error says why where the fused kernel was asked for and cannot take the call. Numbers that no fused
/// kernel is made for (no elements, a scale that is not positive) go to plain ATen whatever was asked.
KernelChoice choose_kernel(const AttentionCall& call);

}  // namespace uvic

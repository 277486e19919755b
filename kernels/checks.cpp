#include "kernels/checks.h"

namespace uvic {

AttentionKind kind_of(int64_t number) {
  const auto kind = static_cast<AttentionKind>(number);
  TORCH_CHECK(name_of(kind) != nullptr, "attention: there is no kind ", number);
  return kind;
}

void check_attention_inputs(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal) {
  TORCH_CHECK(q.dim() == 4, "cog_attention: q must be [B, H, N, D], got ", q.sizes());
  TORCH_CHECK(at::isFloatingType(q.scalar_type()), "cog_attention: q must be floating point, got ",
              c10::getDtypeNames(q.scalar_type()).first);
  TORCH_CHECK(q.size(3) > 0, "cog_attention: D must be at least 1, got q ", q.sizes());
  const auto check_like_q = [&](const at::Tensor& other, const char* name) {
    TORCH_CHECK(other.dim() == 4 && other.size(0) == q.size(0) && other.size(1) == q.size(1) &&
                    other.size(3) == q.size(3),
                "cog_attention: ", name, " must be [", q.size(0), ", ", q.size(1), ", M, ", q.size(3),
                "] for q ", q.sizes(), ", got ", other.sizes());
    TORCH_CHECK(other.scalar_type() == q.scalar_type(), "cog_attention: ", name, " must have q's dtype ",
                c10::getDtypeNames(q.scalar_type()).first, ", got ",
                c10::getDtypeNames(other.scalar_type()).first);
    TORCH_CHECK(other.device() == q.device(), "cog_attention: ", name, " must be on q's device ", q.device(),
                ", got ", other.device());
  };
  check_like_q(k, "k");
  check_like_q(v, "v");
  TORCH_CHECK(v.size(2) == k.size(2), "cog_attention: v must have k's length M = ", k.size(2), ", got ",
              v.sizes());
  TORCH_CHECK(k.size(2) > 0 || q.numel() == 0, "cog_attention: k must have at least one position, got ",
              k.sizes());
  TORCH_CHECK(!causal || k.size(2) >= q.size(2),
              "cog_attention: causal needs as many keys as queries, got q ", q.sizes(), " and k ", k.sizes());
}

}  // namespace uvic

#include "kernels/checks.h"

#include <cmath>

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

at::IntArrayRef documents_of(const std::optional<at::Tensor>& cu_seqlens, const at::Tensor& q,
                             const at::Tensor& k) {
  if (!cu_seqlens.has_value() || !cu_seqlens->defined()) return {};
  const at::Tensor& x = *cu_seqlens;
  TORCH_CHECK(x.device().is_cpu() && x.scalar_type() == at::kLong && x.dim() == 1 && x.size(0) > 0 &&
                  x.is_contiguous(),
              "cog_attention: cu_seqlens must be int64 [documents + 1], contiguous, on the CPU, got ",
              c10::getDtypeNames(x.scalar_type()).first, " ", x.sizes(), " on ", x.device());
  const int64_t N = q.size(2), tokens = q.size(0) * N;
  TORCH_CHECK(k.size(2) == N, "cog_attention: cu_seqlens needs as many keys as queries, got q ", q.sizes(),
              " and k ", k.sizes());
  const at::IntArrayRef bounds(x.const_data_ptr<int64_t>(), size_t(x.size(0)));
  TORCH_CHECK(bounds.front() == 0 && bounds.back() == tokens,
              "cog_attention: cu_seqlens must begin with 0 and end with B * N = ", tokens, ", got ",
              bounds.front(), " and ", bounds.back());
  for (size_t i = 1; i < bounds.size(); ++i) {
    TORCH_CHECK(bounds[i - 1] < bounds[i] && bounds[i] <= tokens, "cog_attention: cu_seqlens must rise, got ",
                bounds[i - 1], " and ", bounds[i], " at ", i - 1);
    TORCH_CHECK(bounds[i - 1] / N == (bounds[i] - 1) / N,
                "cog_attention: no document may cross a row of the batch, and cu_seqlens has one from ",
                bounds[i - 1], " to ", bounds[i], " at rows of ", N);
  }
  return bounds;
}

double scale_or_default(const at::Tensor& q, std::optional<double> scale) {
  return scale.value_or(1.0 / std::sqrt(double(q.size(3))));
}

}  // namespace uvic

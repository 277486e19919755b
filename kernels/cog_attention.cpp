#include "kernels/cog_attention.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <cmath>

#include "kernels/reference.h"

namespace uvic {
namespace {

using at::Tensor;

void check_inputs(const Tensor& q, const Tensor& k, const Tensor& v) {
  TORCH_CHECK(q.dim() == 4, "cog_attention: q must be [B, H, N, D], got ", q.sizes());
  TORCH_CHECK(at::isFloatingType(q.scalar_type()), "cog_attention: q must be floating point, got ",
              q.scalar_type());
  TORCH_CHECK(q.size(3) > 0, "cog_attention: D must be at least 1, got q ", q.sizes());
  const auto check_like_q = [&](const Tensor& other, const char* name) {
    TORCH_CHECK(other.sizes() == q.sizes(), "cog_attention: ", name, " must have q's shape ", q.sizes(),
                ", got ", other.sizes());
    TORCH_CHECK(other.scalar_type() == q.scalar_type(), "cog_attention: ", name, " must have q's dtype ",
                q.scalar_type(), ", got ", other.scalar_type());
    TORCH_CHECK(other.device() == q.device(), "cog_attention: ", name, " must be on q's device ", q.device(),
                ", got ", other.device());
  };
  check_like_q(k, "k");
  check_like_q(v, "v");
}

double scale_or_default(const Tensor& q, std::optional<double> scale) {
  return scale.value_or(1.0 / std::sqrt(double(q.size(3))));
}

std::tuple<Tensor, Tensor> forward(const Tensor& q, const Tensor& k, const Tensor& v,
                                   std::optional<double> scale) {
  check_inputs(q, k, v);
  return reference::cog_attention(q, k, v, scale_or_default(q, scale));
}

std::tuple<Tensor, Tensor> forward_meta(const Tensor& q, const Tensor& k, const Tensor& v,
                                        std::optional<double>) {
  check_inputs(q, k, v);
  const auto statistics = q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return {at::empty_like(q, at::MemoryFormat::Contiguous),
          at::empty({q.size(0), q.size(1), q.size(2)}, q.options().dtype(statistics))};
}

std::tuple<Tensor, Tensor, Tensor> backward_meta(const Tensor&, const Tensor& q, const Tensor& k,
                                                 const Tensor& v, const Tensor&, const Tensor&, double) {
  const auto like = [](const Tensor& x) { return at::empty_like(x, at::MemoryFormat::Contiguous); };
  return {like(q), like(k), like(v)};
}

}  // namespace

TORCH_LIBRARY(uvic, library) {
  library.def("cog_attention(Tensor q, Tensor k, Tensor v, float? scale=None) -> (Tensor out, Tensor lse)");
  library.def(
      "cog_attention_backward(Tensor grad_out, Tensor q, Tensor k, Tensor v, Tensor out, Tensor lse, float "
      "scale)"
      " -> (Tensor grad_q, Tensor grad_k, Tensor grad_v)");
}

// The plain-ATen reference serves every device until fused kernels register for theirs.
TORCH_LIBRARY_IMPL(uvic, CompositeExplicitAutograd, library) {
  library.impl("cog_attention", forward);
  library.impl("cog_attention_backward", reference::cog_attention_backward);
}

TORCH_LIBRARY_IMPL(uvic, Meta, library) {
  library.impl("cog_attention", forward_meta);
  library.impl("cog_attention_backward", backward_meta);
}

std::tuple<Tensor, Tensor> cog_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                         std::optional<double> scale) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("uvic::cog_attention", "").typed<decltype(forward)>();
  return op.call(q, k, v, scale);
}

std::tuple<Tensor, Tensor, Tensor> cog_attention_backward(const Tensor& grad_out, const Tensor& q,
                                                          const Tensor& k, const Tensor& v, const Tensor& out,
                                                          const Tensor& lse, double scale) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("uvic::cog_attention_backward", "")
                             .typed<decltype(reference::cog_attention_backward)>();
  return op.call(grad_out, q, k, v, out, lse, scale);
}

}  // namespace uvic

#include "kernels/cog_attention.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <cmath>

#include "kernels/checks.h"
#include "kernels/choose.h"
#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/layout.h"
#include "kernels/reference.h"

namespace uvic {
namespace {

using at::Tensor;

double scale_or_default(const Tensor& q, std::optional<double> scale) {
  return scale.value_or(1.0 / std::sqrt(double(q.size(3))));
}

std::tuple<Tensor, Tensor> forward(const Tensor& q, const Tensor& k, const Tensor& v,
                                   std::optional<double> scale, bool causal, std::optional<bool> fused) {
  check_attention_inputs(q, k, v, causal);
  runs_fused(q.device().type(), q.scalar_type(), q.size(3), fused);  // refuses `fused` where there is none
  return reference::cog_attention(q, k, v, scale_or_default(q, scale), causal);
}

std::tuple<Tensor, Tensor, Tensor> backward(const Tensor& grad_out, const Tensor& q, const Tensor& k,
                                            const Tensor& v, const Tensor& out, const Tensor& lse,
                                            double scale, bool causal, std::optional<bool>) {
  return reference::cog_attention_backward(grad_out, q, k, v, out, lse, scale, causal);
}

// The fused kernels want a positive scale, which then cannot change a sign.
bool takes_fused(const Tensor& q, double scale, std::optional<bool> fused) {
  return runs_fused(q.device().type(), q.scalar_type(), q.size(3), fused) && scale > 0;
}

std::tuple<Tensor, Tensor> forward_cpu(const Tensor& q, const Tensor& k, const Tensor& v,
                                       std::optional<double> scale, bool causal, std::optional<bool> fused) {
  check_attention_inputs(q, k, v, causal);
  const double s = scale_or_default(q, scale);
  if (!takes_fused(q, s, fused)) return reference::cog_attention(q, k, v, s, causal);
  return cpu::forward(cpu::default_isa(), q, k, v, s, causal);
}

std::tuple<Tensor, Tensor, Tensor> backward_cpu(const Tensor& grad_out, const Tensor& q, const Tensor& k,
                                                const Tensor& v, const Tensor& out, const Tensor& lse,
                                                double scale, bool causal, std::optional<bool> fused) {
  if (!takes_fused(q, scale, fused))
    return reference::cog_attention_backward(grad_out, q, k, v, out, lse, scale, causal);
  return cpu::backward(cpu::default_isa(), grad_out, q, k, v, out, lse, scale, causal);
}

std::tuple<Tensor, Tensor> forward_meta(const Tensor& q, const Tensor& k, const Tensor& v,
                                        std::optional<double>, bool causal, std::optional<bool>) {
  check_attention_inputs(q, k, v, causal);
  const auto statistics = q.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return {empty_token_major(q), at::empty({q.size(0), q.size(1), q.size(2)}, q.options().dtype(statistics))};
}

std::tuple<Tensor, Tensor, Tensor> backward_meta(const Tensor&, const Tensor& q, const Tensor& k,
                                                 const Tensor& v, const Tensor&, const Tensor&, double, bool,
                                                 std::optional<bool>) {
  return {empty_token_major(q), empty_token_major(k), empty_token_major(v)};
}

}  // namespace

TORCH_LIBRARY(uvic, library) {
  library.def(
      "cog_attention(Tensor q, Tensor k, Tensor v, float? scale=None, bool causal=False, bool? fused=None)"
      " -> (Tensor out, Tensor lse)");
  library.def(
      "cog_attention_backward(Tensor grad_out, Tensor q, Tensor k, Tensor v, Tensor out, Tensor lse, float "
      "scale, bool causal=False, bool? fused=None) -> (Tensor grad_q, Tensor grad_k, Tensor grad_v)");
}

// The plain-ATen reference serves every device that no fused kernel is registered for.
TORCH_LIBRARY_IMPL(uvic, CompositeExplicitAutograd, library) {
  library.impl("cog_attention", forward);
  library.impl("cog_attention_backward", backward);
}

TORCH_LIBRARY_IMPL(uvic, CPU, library) {
  library.impl("cog_attention", forward_cpu);
  library.impl("cog_attention_backward", backward_cpu);
}

TORCH_LIBRARY_IMPL(uvic, Meta, library) {
  library.impl("cog_attention", forward_meta);
  library.impl("cog_attention_backward", backward_meta);
}

std::tuple<Tensor, Tensor> cog_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                         std::optional<double> scale, bool causal,
                                         std::optional<bool> fused) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("uvic::cog_attention", "").typed<decltype(forward)>();
  return op.call(q, k, v, scale, causal, fused);
}

std::tuple<Tensor, Tensor, Tensor> cog_attention_backward(const Tensor& grad_out, const Tensor& q,
                                                          const Tensor& k, const Tensor& v, const Tensor& out,
                                                          const Tensor& lse, double scale, bool causal,
                                                          std::optional<bool> fused) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("uvic::cog_attention_backward", "")
                             .typed<decltype(backward)>();
  return op.call(grad_out, q, k, v, out, lse, scale, causal, fused);
}

}  // namespace uvic

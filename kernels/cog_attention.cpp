#include "kernels/cog_attention.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include "kernels/checks.h"
#include "kernels/choose.h"
#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/layout.h"
#include "kernels/reference.h"

namespace uvic {
namespace {

using at::Tensor;

std::tuple<Tensor, Tensor> forward(int64_t number, const Tensor& q, const Tensor& k, const Tensor& v,
                                   std::optional<double> scale, bool causal, std::optional<bool> fused,
                                   const std::optional<Tensor>& cu_seqlens) {
  const AttentionKind kind = kind_of(number);
  check_attention_inputs(q, k, v, causal);
  const double s = scale_or_default(q, scale);
  choose_kernel(call_of(kind, q, k, s, fused));  // refuses `fused` where there is none
  return reference::attention(kind, q, k, v, s, causal, documents_of(cu_seqlens, q, k));
}

std::tuple<Tensor, Tensor, Tensor> backward(int64_t number, const Tensor& grad_out, const Tensor& q,
                                            const Tensor& k, const Tensor& v, const Tensor& out,
                                            const Tensor& lse, double scale, bool causal, std::optional<bool>,
                                            const std::optional<Tensor>& cu_seqlens) {
  const AttentionKind kind = kind_of(number);
  return reference::attention_backward(kind, grad_out, q, k, v, out, lse, scale, causal,
                                       documents_of(cu_seqlens, q, k));
}

std::tuple<Tensor, Tensor> forward_cpu(int64_t number, const Tensor& q, const Tensor& k, const Tensor& v,
                                       std::optional<double> scale, bool causal, std::optional<bool> fused,
                                       const std::optional<Tensor>& cu_seqlens) {
  const AttentionKind kind = kind_of(number);
  check_attention_inputs(q, k, v, causal);
  const at::IntArrayRef documents = documents_of(cu_seqlens, q, k);
  const double s = scale_or_default(q, scale);
  if (!choose_kernel(call_of(kind, q, k, s, fused)).fused)
    return reference::attention(kind, q, k, v, s, causal, documents);
  return cpu::forward(cpu::default_isa(), kind, q, k, v, s, causal, documents);
}

std::tuple<Tensor, Tensor, Tensor> backward_cpu(int64_t number, const Tensor& grad_out, const Tensor& q,
                                                const Tensor& k, const Tensor& v, const Tensor& out,
                                                const Tensor& lse, double scale, bool causal,
                                                std::optional<bool> fused,
                                                const std::optional<Tensor>& cu_seqlens) {
  const AttentionKind kind = kind_of(number);
  const at::IntArrayRef documents = documents_of(cu_seqlens, q, k);
  if (!choose_kernel(call_of(kind, q, k, scale, fused)).fused)
    return reference::attention_backward(kind, grad_out, q, k, v, out, lse, scale, causal, documents);
  return cpu::backward(cpu::default_isa(), kind, grad_out, q, k, v, out, lse, scale, causal, documents);
}

std::tuple<Tensor, Tensor> forward_meta(int64_t number, const Tensor& q, const Tensor& k, const Tensor& v,
                                        std::optional<double>, bool causal, std::optional<bool>,
                                        const std::optional<Tensor>& cu_seqlens) {
  kind_of(number);
  check_attention_inputs(q, k, v, causal);
  documents_of(cu_seqlens, q, k);
  return {empty_token_major(q), empty_statistics(q)};
}

std::tuple<Tensor, Tensor, Tensor> backward_meta(int64_t, const Tensor&, const Tensor& q, const Tensor& k,
                                                 const Tensor& v, const Tensor&, const Tensor&, double, bool,
                                                 std::optional<bool>, const std::optional<Tensor>&) {
  return {empty_token_major(q), empty_token_major(k), empty_token_major(v)};
}

}  // namespace

TORCH_LIBRARY(uvic, library) {
  library.def(
      "attention(int kind, Tensor q, Tensor k, Tensor v, float? scale=None, bool causal=False, bool? "
      "fused=None, Tensor? cu_seqlens=None) -> (Tensor out, Tensor lse)");
  library.def(
      "attention_backward(int kind, Tensor grad_out, Tensor q, Tensor k, Tensor v, Tensor out, Tensor lse, "
      "float scale, bool causal=False, bool? fused=None, Tensor? cu_seqlens=None) -> (Tensor grad_q, Tensor "
      "grad_k, Tensor grad_v)");
}

// The plain-ATen reference serves every device that no fused kernel is registered for.
TORCH_LIBRARY_IMPL(uvic, CompositeExplicitAutograd, library) {
  library.impl("attention", forward);
  library.impl("attention_backward", backward);
}

TORCH_LIBRARY_IMPL(uvic, CPU, library) {
  library.impl("attention", forward_cpu);
  library.impl("attention_backward", backward_cpu);
}

TORCH_LIBRARY_IMPL(uvic, Meta, library) {
  library.impl("attention", forward_meta);
  library.impl("attention_backward", backward_meta);
}

std::tuple<Tensor, Tensor> attention(AttentionKind kind, const Tensor& q, const Tensor& k, const Tensor& v,
                                     std::optional<double> scale, bool causal, std::optional<bool> fused,
                                     const std::optional<Tensor>& cu_seqlens) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("uvic::attention", "").typed<decltype(forward)>();
  return op.call(int64_t(kind), q, k, v, scale, causal, fused, cu_seqlens);
}

std::tuple<Tensor, Tensor, Tensor> attention_backward(AttentionKind kind, const Tensor& grad_out,
                                                      const Tensor& q, const Tensor& k, const Tensor& v,
                                                      const Tensor& out, const Tensor& lse, double scale,
                                                      bool causal, std::optional<bool> fused,
                                                      const std::optional<Tensor>& cu_seqlens) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("uvic::attention_backward", "")
                             .typed<decltype(backward)>();
  return op.call(int64_t(kind), grad_out, q, k, v, out, lse, scale, causal, fused, cu_seqlens);
}

}  // namespace uvic

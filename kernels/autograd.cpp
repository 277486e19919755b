// The Autograd key of uvic::attention: saves q, k, v, O and lse; N x N matrices are recomputed in the
// backward.
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "kernels/checks.h"
#include "kernels/cog_attention.h"

namespace uvic {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct AttentionFunction : torch::autograd::Function<AttentionFunction> {
  static variable_list forward(AutogradContext* ctx, int64_t kind, const Tensor& q, const Tensor& k,
                               const Tensor& v, double scale, bool causal, std::optional<bool> fused,
                               const std::optional<Tensor>& cu_seqlens) {
    const at::AutoDispatchBelowADInplaceOrView below;
    auto [out, lse] = attention(kind_of(kind), q, k, v, scale, causal, fused, cu_seqlens);
    ctx->save_for_backward({q, k, v, out, lse, cu_seqlens.value_or(Tensor())});
    ctx->saved_data["kind"] = kind;
    ctx->saved_data["scale"] = scale;
    ctx->saved_data["causal"] = causal;
    ctx->saved_data["fused"] = fused;
    ctx->mark_non_differentiable({lse});
    return {out, lse};
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    TORCH_CHECK(!grads[0].requires_grad(),
                "cog_attention: double backward (create_graph=True through it) is not supported");
    const auto saved = ctx->get_saved_variables();
    const at::AutoDispatchBelowADInplaceOrView below;
    auto& data = ctx->saved_data;
    auto [grad_q, grad_k, grad_v] = attention_backward(
        kind_of(data["kind"].toInt()), grads[0], saved[0], saved[1], saved[2], saved[3], saved[4],
        data["scale"].toDouble(), data["causal"].toBool(), data["fused"].toOptional<bool>(), saved[5]);
    return {Tensor(), grad_q, grad_k, grad_v, Tensor(), Tensor(), Tensor(), Tensor()};
  }
};

std::tuple<Tensor, Tensor> forward_autograd(int64_t kind, const Tensor& q, const Tensor& k, const Tensor& v,
                                            std::optional<double> scale, bool causal,
                                            std::optional<bool> fused,
                                            const std::optional<Tensor>& cu_seqlens) {
  check_attention_inputs(q, k, v, causal);
  auto outputs =
      AttentionFunction::apply(kind, q, k, v, scale_or_default(q, scale), causal, fused, cu_seqlens);
  return {outputs[0], outputs[1]};
}

}  // namespace

TORCH_LIBRARY_IMPL(uvic, Autograd, library) {
  library.impl("attention", forward_autograd);
}

}  // namespace uvic

#include "nn/fused_block.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/custom_class.h>

#include <cmath>
#include <optional>

#include "kernels/block_rows.h"
#include "kernels/choose.h"
#include "kernels/cog_attention.h"
#include "kernels/linear.h"
#include "kernels/weight_grad.h"

namespace uvic {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Of what matrix products read and write on this thread.
at::ScalarType product_dtype(at::DeviceType device) {
  return at::autocast::is_autocast_enabled(device) ? at::autocast::get_autocast_dtype(device) : at::kFloat;
}

bool is_ours(const Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat;
}

// x W^T, [R, in] and [out, in] -> [R, out]. In float32 on the CPU by our kernel: where a weight is as small
// as a block's, ATen's reaches two thirds of its rate.
Tensor product(const Tensor& x, const Tensor& weight) {
  if (is_ours(x)) return PackedLinear(weight, {}, WeightFormat::kFp32)({.x = x});
  return at::mm(x, weight.t());
}

// Of y = x W^T: dL / dx.
Tensor input_grad(const Tensor& grad, const Tensor& weight) {
  return product(grad, weight.t());
}

// Of y = x W^T: dL / dW, float32.
Tensor grad_of_weight(const Tensor& grad, const Tensor& x) {
  if (is_ours(x)) return weight_grad(grad, x);
  return at::mm(grad.t(), x).to(at::kFloat);
}

// What the backward needs besides tensors; ref-counted, as ctx->saved_data holds it.
struct Shape : torch::CustomClassHolder {
  int64_t B = 0, N = 0, C = 0, heads = 1;
  AttentionKind kind = AttentionKind::kCog;
  double eps = 0;
  bool has_skip = false;
  at::ScalarType dtype = at::kFloat;

  double scale() const { return 1 / std::sqrt(double(C / heads)); }
  // [B N, 3 C] -> q, k, v as views [B, H, N, D].
  std::vector<Tensor> heads_of(const Tensor& qkv) const {
    auto parts = qkv.view({B, N, 3, heads, C / heads}).unbind(2);
    for (Tensor& part : parts) part = part.transpose(1, 2);
    return parts;
  }
  // [B, H, N, D] -> [B N, C].
  Tensor rows_of(const Tensor& x) const { return x.transpose(1, 2).reshape({B * N, C}); }
};

// Tensors that the backward reads, in the order in which they are saved.
enum Saved : size_t {
  kJoined,  // [x, skip], or undefined
  kX,       // the residual stream where the attention begins
  kMean1,
  kScale1,
  kNormed1,
  kQkv,
  kOut,
  kLse,
  kX2,  // ... and where the MLP begins
  kMean2,
  kScale2,
  kNormed2,
  kHidden,  // before bias and GELU
  kActive,
  kNorm1Weight,
  kNorm2Weight,
  kFc1Bias,
  kQkvWeight,  // from here on in the products' dtype
  kProjWeight,
  kFc1Weight,
  kFc2Weight,
  kSkipWeight,
  kSavedTensors
};

struct BlockFunction : torch::autograd::Function<BlockFunction> {
  // What may be undefined is optional: `apply` asks tensors for their device.
  static Tensor forward(AutogradContext* ctx, const Tensor& x_in, const std::optional<Tensor>& skip,
                        const c10::intrusive_ptr<Shape>& shape, const Tensor& norm1_weight,
                        const Tensor& norm1_bias, const Tensor& qkv_weight, const Tensor& proj,
                        const Tensor& proj_bias, const Tensor& norm2_weight, const Tensor& norm2_bias,
                        const Tensor& fc1, const Tensor& fc1_bias, const Tensor& fc2, const Tensor& fc2_bias,
                        const std::optional<Tensor>& skip_weight, const std::optional<Tensor>& skip_bias) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Shape& s = *shape;
    const auto dtype = s.dtype;
    const int64_t R = s.B * s.N;
    variable_list saved(kSavedTensors);
    Tensor x = x_in.reshape({R, s.C}).contiguous(), change;
    if (s.has_skip) {
      Tensor& joined = saved[kJoined] = at::empty({R, 2 * s.C}, x.options().dtype(dtype));
      joined.slice(1, 0, s.C).copy_(x);
      joined.slice(1, s.C).copy_(skip->reshape({R, s.C}));
      saved[kSkipWeight] = skip_weight->to(dtype);
      x = Tensor(), change = product(joined, saved[kSkipWeight]);
    }
    const Residual first =
        add_and_norm(x, change, s.has_skip ? *skip_bias : Tensor(), norm1_weight, norm1_bias, s.eps, dtype);
    saved[kQkvWeight] = qkv_weight.to(dtype);
    saved[kQkv] = product(first.normed, saved[kQkvWeight]);
    const auto heads = s.heads_of(saved[kQkv]);
    const auto [out, lse] = attention(s.kind, heads[0], heads[1], heads[2], s.scale());
    saved[kOut] = out, saved[kLse] = lse, saved[kProjWeight] = proj.to(dtype);
    const Residual second = add_and_norm(first.sum, product(s.rows_of(out), saved[kProjWeight]), proj_bias,
                                         norm2_weight, norm2_bias, s.eps, dtype);
    saved[kFc1Weight] = fc1.to(dtype), saved[kFc2Weight] = fc2.to(dtype);
    saved[kHidden] = product(second.normed, saved[kFc1Weight]);
    saved[kActive] = bias_gelu(saved[kHidden], fc1_bias);
    const Residual last =
        add_and_norm(second.sum, product(saved[kActive], saved[kFc2Weight]), fc2_bias, {}, {}, s.eps, dtype);
    saved[kX] = first.sum, saved[kMean1] = first.mean, saved[kScale1] = first.scale;
    saved[kX2] = second.sum, saved[kMean2] = second.mean, saved[kScale2] = second.scale;
    saved[kNormed1] = first.normed, saved[kNormed2] = second.normed;
    saved[kNorm1Weight] = norm1_weight, saved[kNorm2Weight] = norm2_weight, saved[kFc1Bias] = fc1_bias;
    ctx->save_for_backward(std::move(saved));
    ctx->saved_data["shape"] = c10::IValue::make_capsule(shape);
    return last.sum.view({s.B, s.N, s.C});
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    TORCH_CHECK(!grads[0].requires_grad(), "fused_block: double backward is not supported");
    const auto shape = c10::static_intrusive_pointer_cast<Shape>(ctx->saved_data["shape"].toCapsule());
    const variable_list saved = ctx->get_saved_variables();
    const at::AutoDispatchBelowADInplaceOrView below;
    const Shape& s = *shape;
    const ResidualGrad last =
        add_and_norm_backward(grads[0].reshape({s.B * s.N, s.C}).contiguous(), {}, {}, {}, s.dtype);

    const BiasGeluGrad hidden =
        bias_gelu_backward(input_grad(last.rounded, saved[kFc2Weight]), saved[kHidden], saved[kFc1Bias]);
    const Residual second{saved[kX2], {}, saved[kMean2], saved[kScale2]};
    const ResidualGrad middle = add_and_norm_backward(last.sum, input_grad(hidden.x, saved[kFc1Weight]),
                                                      second, saved[kNorm2Weight], s.dtype);

    const Tensor grad_out = input_grad(middle.rounded, saved[kProjWeight])
                                .view({s.B, s.N, s.heads, s.C / s.heads})
                                .transpose(1, 2);
    const auto heads = s.heads_of(saved[kQkv]);
    const auto [q, k, v] = attention_backward(s.kind, grad_out, heads[0], heads[1], heads[2], saved[kOut],
                                              saved[kLse], s.scale());
    const Tensor qkv =
        at::stack({q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)}, 2).view({s.B * s.N, 3 * s.C});
    const Residual first{saved[kX], {}, saved[kMean1], saved[kScale1]};
    const ResidualGrad input = add_and_norm_backward(middle.sum, input_grad(qkv, saved[kQkvWeight]), first,
                                                     saved[kNorm1Weight], s.dtype);

    Tensor x = input.sum, skip, skip_weight, skip_bias;
    if (s.has_skip) {
      const Tensor joined = input_grad(input.rounded, saved[kSkipWeight]);
      x = joined.slice(1, 0, s.C).to(at::kFloat), skip = joined.slice(1, s.C).to(at::kFloat);
      skip = skip.view({s.B, s.N, s.C});
      skip_weight = grad_of_weight(input.rounded, saved[kJoined]), skip_bias = input.bias;
    }
    return {x.view({s.B, s.N, s.C}),
            skip,
            Tensor(),
            input.norm_weight,
            input.norm_bias,
            grad_of_weight(qkv, saved[kNormed1]),
            grad_of_weight(middle.rounded, s.rows_of(saved[kOut])),
            middle.bias,
            middle.norm_weight,
            middle.norm_bias,
            grad_of_weight(hidden.x, saved[kNormed2]),
            hidden.bias,
            grad_of_weight(last.rounded, saved[kActive]),
            last.bias,
            skip_weight,
            skip_bias};
  }
};

}  // namespace

bool wants_fused_block(c10::DeviceType device, std::optional<bool> fused) {
  return fused.value_or(device == at::kCPU || kBlockRowsAreProvenOnGpus);
}

bool can_fuse_block(const Tensor& x, const BlockWeights& weights) {
  if (x.scalar_type() != at::kFloat || x.numel() == 0 || weights.qkv.scalar_type() != at::kFloat ||
      !can_run_block_rows(x.device(), x.size(2), weights.fc1.size(0)))
    return false;
  const auto dtype = product_dtype(x.device().type());
  if (dtype != at::kFloat && dtype != at::kBFloat16) return false;
  return choose_kernel({.device = x.device().type(),
                        .dtype = dtype,
                        .head_dim = x.size(2) / weights.num_heads,
                        .kind = weights.kind})
      .fused;
}

Tensor fused_block(const Tensor& x, const Tensor& skip, const BlockWeights& w) {
  auto shape = c10::make_intrusive<Shape>();
  shape->B = x.size(0), shape->N = x.size(1), shape->C = x.size(2), shape->heads = w.num_heads;
  shape->kind = w.kind, shape->eps = w.eps, shape->has_skip = w.skip.defined(),
  shape->dtype = product_dtype(x.device().type());
  const auto given = [](const Tensor& t) { return t.defined() ? std::optional(t) : std::nullopt; };
  return BlockFunction::apply(x, given(skip), shape, w.norm1_weight, w.norm1_bias, w.qkv, w.proj, w.proj_bias,
                              w.norm2_weight, w.norm2_bias, w.fc1, w.fc1_bias, w.fc2, w.fc2_bias,
                              given(w.skip), given(w.skip_bias));
}

}  // namespace uvic

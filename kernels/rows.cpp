#include "kernels/rows.h"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include "kernels/cpu/row_items.h"

namespace uvic {
namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGrainNumbers = 1 << 14;  // numbers that are worth a thread

bool has_kernels(const Tensor& x) {
  return x.is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16);
}

const cpu::RowKernels& kernels_of(const Tensor& x) {
  return cpu::row_kernels_of(x.scalar_type());
}

template <class Problem>
void run(void (*kernel)(const Problem&, int64_t, int64_t), const Problem& problem, int64_t n,
         int64_t numbers_each) {
  at::parallel_for(0, n, std::max<int64_t>(kGrainNumbers / numbers_each, 1),
                   [&](int64_t begin, int64_t end) { kernel(problem, begin, end); });
}

struct NormFunction : torch::autograd::Function<NormFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x_in, const Tensor& weight, double eps,
                        at::ScalarType dtype) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Tensor x = x_in.contiguous(), y = at::empty(x.sizes(), x.options().dtype(dtype));
    const int64_t C = x.size(-1), n = C == 0 ? 0 : x.numel() / C;
    const Tensor scale = at::empty({n}, x.options());
    cpu::NormRows rows{.x = x.const_data_ptr<float>(),
                       .weight = weight.const_data_ptr<float>(),
                       .y = y.data_ptr(),
                       .scale = scale.data_ptr<float>(),
                       .C = C,
                       .eps = eps};
    run(kernels_of(y).norm, rows, n, C);
    ctx->save_for_backward({x, weight, scale});
    return y;
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const at::AutoDispatchBelowADInplaceOrView below;
    const Tensor &x = saved[0], &weight = saved[1], &scale = saved[2], grad = grads[0].contiguous();
    const int64_t C = x.size(-1), n = scale.size(0);
    const Tensor grad_x = at::empty_like(x), sums = at::empty({cpu::row_items(n), C}, x.options());
    const auto kernel = kernels_of(grad).norm_backward;
    cpu::for_row_items(n, [&](int64_t begin, int64_t end, int64_t item) {
      const cpu::NormRows rows{.x = x.const_data_ptr<float>(),
                               .weight = weight.const_data_ptr<float>(),
                               .scale = scale.data_ptr<float>(),
                               .grad_y = grad.const_data_ptr(),
                               .grad_x = grad_x.data_ptr<float>(),
                               .grad_weight = sums.data_ptr<float>() + item * C,
                               .C = C};
      kernel(rows, begin, end);
    });
    return {grad_x, sums.sum(0), Tensor(), Tensor()};
  }
};

Tensor rotated(const Tensor& x_in, const Tensor& rotation, float sign) {
  const Tensor x = x_in.contiguous(), angles = at::view_as_real(rotation).contiguous(), y = at::empty_like(x);
  const cpu::RotatedRows rows{.x = x.const_data_ptr(),
                              .y = y.data_ptr(),
                              .angles = angles.const_data_ptr<float>(),
                              .H = x.size(2),
                              .D = x.size(3),
                              .period = rotation.size(0),
                              .sign = sign};
  run(kernels_of(x).rotate, rows, x.size(0) * x.size(1), x.size(2) * x.size(3));
  return y;
}

struct RotateFunction : torch::autograd::Function<RotateFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& rotation) {
    const at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({rotation});
    return rotated(x, rotation, 1);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const at::AutoDispatchBelowADInplaceOrView below;
    return {rotated(grads[0], ctx->get_saved_variables()[0], -1), Tensor()};
  }
};

struct SwiGluFunction : torch::autograd::Function<SwiGluFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& gate_in, const Tensor& x_in) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Tensor gate = gate_in.contiguous(), x = x_in.contiguous(), out = at::empty_like(x);
    const cpu::SwiGluRows rows{.gate = gate.const_data_ptr(), .x = x.const_data_ptr(), .out = out.data_ptr()};
    run(kernels_of(x).swiglu, rows, x.numel(), 4);
    ctx->save_for_backward({gate, x});
    return out;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& grads) {
    const auto saved = ctx->get_saved_variables();
    const at::AutoDispatchBelowADInplaceOrView below;
    const Tensor grad = grads[0].contiguous(), grad_gate = at::empty_like(grad),
                 grad_x = at::empty_like(grad);
    const cpu::SwiGluRows rows{.gate = saved[0].const_data_ptr(),
                               .x = saved[1].const_data_ptr(),
                               .grad = grad.const_data_ptr(),
                               .grad_gate = grad_gate.data_ptr(),
                               .grad_x = grad_x.data_ptr()};
    run(kernels_of(grad).swiglu_backward, rows, grad.numel(), 4);
    return {grad_gate, grad_x};
  }
};

}  // namespace

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  if (!x.is_cpu() || x.scalar_type() != at::kFloat || weight.scalar_type() != at::kFloat)
    return at::rms_norm(x, weight.sizes(), weight, eps);
  const bool autocast = at::autocast::is_autocast_enabled(at::kCPU) &&
                        at::autocast::get_autocast_dtype(at::kCPU) == at::kBFloat16;
  return NormFunction::apply(x, weight, eps, autocast ? at::kBFloat16 : at::kFloat);
}

Tensor rotate(const Tensor& x, const Tensor& rotation) {
  TORCH_CHECK(x.dim() == 4 && x.size(3) % 2 == 0 && rotation.dim() == 2 &&
                  rotation.size(1) == x.size(3) / 2 &&
                  (rotation.size(0) == x.size(1) || rotation.size(0) == x.size(0) * x.size(1)),
              "rotate: x must be [B, T, H, D], D even, and rotation [T or B T, D / 2], got ", x.sizes(),
              " and ", rotation.sizes());
  if (has_kernels(x)) return RotateFunction::apply(x, rotation);
  const int64_t B = x.size(0), T = x.size(1), H = x.size(2), D = x.size(3);
  const auto wide = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const Tensor pairs = at::view_as_complex(x.to(wide).view({B, T, H, D / 2, 2}));
  const Tensor turned = pairs * rotation.view({-1, T, 1, D / 2});
  return at::view_as_real(turned).view({B, T, H, D}).to(x.scalar_type());
}

Tensor swiglu(const Tensor& gate, const Tensor& x) {
  TORCH_CHECK(gate.sizes() == x.sizes() && gate.scalar_type() == x.scalar_type(),
              "swiglu: gate must be as x, ", x.sizes(), ", got ", gate.sizes());
  return has_kernels(x) ? SwiGluFunction::apply(gate, x) : gate * at::silu(x);
}

}  // namespace uvic

#include "kernels/block_rows.h"

#include <ATen/ATen.h>

#include "kernels/cpu/row_items.h"

namespace uvic {
namespace {

using at::Tensor;

const cpu::RowKernels& checked_kernels_of(at::ScalarType dtype, const cpu::Isa* isa) {
  TORCH_CHECK(dtype == at::kFloat || dtype == at::kBFloat16, "block rows: float32 or bfloat16, not ", dtype);
  return cpu::row_kernels_of(dtype, isa);
}

const float* floats_of(const Tensor& x) {
  return x.defined() ? x.const_data_ptr<float>() : nullptr;
}
const void* numbers_of(const Tensor& x) {
  return x.defined() ? x.const_data_ptr() : nullptr;
}

}  // namespace

Residual add_and_norm(const Tensor& x, const Tensor& change, const Tensor& bias, const Tensor& weight,
                      const Tensor& norm_bias, double eps, at::ScalarType dtype, const cpu::Isa* isa) {
  const Tensor& like = change.defined() ? change : x;
  const int64_t R = like.size(0), C = like.size(1);
  Residual to;
  to.sum = change.defined() ? at::empty({R, C}, like.options().dtype(at::kFloat)) : x;
  cpu::ResidualRows rows{.x = floats_of(x),
                         .change = numbers_of(change),
                         .bias = floats_of(bias),
                         .sum = change.defined() ? to.sum.data_ptr<float>() : nullptr,
                         .C = C,
                         .eps = eps};
  if (weight.defined()) {
    to.normed = at::empty({R, C}, like.options().dtype(dtype));
    to.mean = at::empty({R}, like.options().dtype(at::kFloat)), to.scale = at::empty_like(to.mean);
    rows.weight = floats_of(weight), rows.norm_bias = floats_of(norm_bias);
    rows.normed = to.normed.data_ptr();
    rows.mean = to.mean.data_ptr<float>(), rows.scale = to.scale.data_ptr<float>();
  }
  const auto kernel = checked_kernels_of(dtype, isa).residual;
  cpu::for_row_items(R, [&](int64_t begin, int64_t end, int64_t) { kernel(rows, begin, end); });
  return to;
}

ResidualGrad add_and_norm_backward(const Tensor& grad, const Tensor& grad_normed, const Residual& residual,
                                   const Tensor& weight, at::ScalarType dtype, const cpu::Isa* isa) {
  const int64_t R = grad.size(0), C = grad.size(1), items = cpu::row_items(R);
  const bool normed = grad_normed.defined();
  ResidualGrad to;
  to.sum = normed ? at::empty_like(grad) : grad;
  to.rounded = dtype == at::kFloat ? to.sum : at::empty({R, C}, grad.options().dtype(dtype));
  const Tensor sums = at::empty({3, items, C}, grad.options());
  float* sums_at = sums.data_ptr<float>();
  const auto kernel = checked_kernels_of(dtype, isa).residual_backward;
  cpu::for_row_items(R, [&](int64_t begin, int64_t end, int64_t item) {
    cpu::ResidualGrads rows{.grad = floats_of(grad),
                            .grad_normed = numbers_of(grad_normed),
                            .rounded = dtype == at::kFloat ? nullptr : to.rounded.data_ptr(),
                            .grad_bias = sums_at + item * C,
                            .C = C};
    if (normed) {
      rows.sum = floats_of(residual.sum), rows.mean = floats_of(residual.mean);
      rows.scale = floats_of(residual.scale), rows.weight = floats_of(weight);
      rows.grad_sum = to.sum.data_ptr<float>();
      rows.grad_weight = sums_at + (items + item) * C, rows.grad_norm_bias = sums_at + (2 * items + item) * C;
    }
    kernel(rows, begin, end);
  });
  to.bias = sums[0].sum(0);
  if (normed) to.norm_weight = sums[1].sum(0), to.norm_bias = sums[2].sum(0);
  return to;
}

Tensor bias_gelu(const Tensor& x, const Tensor& bias, const cpu::Isa* isa) {
  const Tensor out = at::empty_like(x);
  const cpu::GeluRows rows{
      .x = numbers_of(x), .bias = floats_of(bias), .out = out.data_ptr(), .C = x.size(1)};
  const auto kernel = checked_kernels_of(x.scalar_type(), isa).gelu;
  cpu::for_row_items(x.size(0), [&](int64_t begin, int64_t end, int64_t) { kernel(rows, begin, end); });
  return out;
}

BiasGeluGrad bias_gelu_backward(const Tensor& grad, const Tensor& x, const Tensor& bias,
                                const cpu::Isa* isa) {
  const int64_t F = x.size(1);
  const Tensor out = at::empty_like(x), sums = at::empty({cpu::row_items(x.size(0)), F}, bias.options());
  const auto kernel = checked_kernels_of(x.scalar_type(), isa).gelu_backward;
  cpu::for_row_items(x.size(0), [&](int64_t begin, int64_t end, int64_t item) {
    const cpu::GeluRows rows{.x = numbers_of(x),
                             .grad = numbers_of(grad),
                             .bias = floats_of(bias),
                             .out = out.data_ptr(),
                             .grad_bias = sums.data_ptr<float>() + item * F,
                             .C = F};
    kernel(rows, begin, end);
  });
  return {out, sums.sum(0)};
}

}  // namespace uvic

#include "kernels/block_rows.h"

#include <ATen/ATen.h>

#include "kernels/cpu/row_items.h"
#include "kernels/cuda/block_rows.cuh"
#include "kernels/cuda/block_rows.h"

namespace uvic {

cuda::BlockRowQueue& cuda::block_row_queue() {
  static BlockRowQueue queue;
  return queue;
}

namespace {

using at::Tensor;

const float* floats_of(const Tensor& x) {
  return x.defined() ? x.const_data_ptr<float>() : nullptr;
}
const void* numbers_of(const Tensor& x) {
  return x.defined() ? x.const_data_ptr() : nullptr;
}

// Where an item's kernel on the CPU writes what it adds up.
const ResidualRows& of_item(const ResidualRows& rows, int64_t) {
  return rows;
}
ResidualGrads of_item(ResidualGrads rows, int64_t item) {
  for (float** sum : {&rows.grad_weight, &rows.grad_norm_bias, &rows.grad_bias})
    if (*sum != nullptr) *sum += item * rows.C;
  return rows;
}
GeluRows of_item(GeluRows rows, int64_t item) {
  if (rows.grad_bias != nullptr) rows.grad_bias += item * rows.C;
  return rows;
}

// One pass over R rows of C numbers on `device`, products in `dtype`.
struct RowPass {
  c10::Device device;
  at::ScalarType dtype;
  int64_t R, C;
  const cpu::Isa* isa;

  RowPass(const Tensor& like, at::ScalarType dtype, const cpu::Isa* isa)
      : device(like.device()), dtype(dtype), R(like.size(0)), C(like.size(1)), isa(isa) {
    TORCH_CHECK(dtype == at::kFloat || dtype == at::kBFloat16, "block rows: float32 or bfloat16, not ",
                dtype);
    TORCH_CHECK(can_run_block_rows(device, 4, C), "block rows: no kernels for ", C, " columns on ", device);
  }
  int64_t items() const {
    return device.is_cpu() ? cpu::row_items(R) : cuda::blocks_of(R, cuda::kRowsOfAnItem);
  }

  template <class Rows>
  void run(const Rows& rows, void (*cpu::RowKernels::*on_cpu)(const Rows&, int64_t, int64_t),
           int (*cuda::BlockRowKernels::*on_cuda)(const Rows&, int64_t, CUstream_st*)) const {
    if (device.is_cpu()) {
      const auto kernel = cpu::row_kernels_of(dtype, isa).*on_cpu;
      cpu::for_row_items(
          R, [&](int64_t begin, int64_t end, int64_t item) { kernel(of_item(rows, item), begin, end); });
    } else if (R > 0) {
      const auto& gpu = cuda::block_row_queue();
      const auto kernel = (dtype == at::kFloat ? gpu.kernels->f32 : gpu.kernels->bf16).*on_cuda;
      gpu.queue(device.index(), [&](CUstream_st* stream) { return kernel(rows, R, stream); });
    }
  }
};

// Where CUDA's kernels can read it: parameters may lie anywhere in a flat buffer.
Tensor aligned(const Tensor& x) {
  const bool is = !x.defined() || x.is_cpu() || reinterpret_cast<uintptr_t>(x.const_data_ptr()) % 16 == 0;
  return is ? x : x.clone();
}

}  // namespace

bool can_run_block_rows(c10::Device device, int64_t dim, int64_t hidden) {
  if (device.is_cpu()) return true;
  const auto& gpu = cuda::block_row_queue();
  return device.is_cuda() && gpu.kernels != nullptr && dim <= cuda::kMostColumns && dim % 4 == 0 &&
         hidden % 4 == 0 && gpu.serves(device.index());
}

Residual add_and_norm(const Tensor& x_in, const Tensor& change_in, const Tensor& bias_in,
                      const Tensor& weight_in, const Tensor& norm_bias_in, double eps, at::ScalarType dtype,
                      const cpu::Isa* isa) {
  const Tensor x = aligned(x_in), change = aligned(change_in), bias = aligned(bias_in),
               weight = aligned(weight_in), norm_bias = aligned(norm_bias_in);
  const Tensor& like = change.defined() ? change : x;
  const RowPass pass(like, dtype, isa);
  const auto [R, C] = std::pair(pass.R, pass.C);
  Residual to;
  to.sum = change.defined() ? at::empty({R, C}, like.options().dtype(at::kFloat)) : x;
  ResidualRows rows{.x = floats_of(x),
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
  pass.run(rows, &cpu::RowKernels::residual, &cuda::BlockRowKernels::residual);
  return to;
}

ResidualGrad add_and_norm_backward(const Tensor& grad_in, const Tensor& grad_normed_in,
                                   const Residual& residual, const Tensor& weight_in, at::ScalarType dtype,
                                   const cpu::Isa* isa) {
  const Tensor grad = aligned(grad_in), grad_normed = aligned(grad_normed_in), weight = aligned(weight_in);
  const RowPass pass(grad, dtype, isa);
  const auto [R, C] = std::pair(pass.R, pass.C);
  const bool normed = grad_normed.defined();
  ResidualGrad to;
  to.sum = normed ? at::empty_like(grad) : grad;
  to.rounded = dtype == at::kFloat ? to.sum : at::empty({R, C}, grad.options().dtype(dtype));
  const Tensor sums = at::empty({3, pass.items(), C}, grad.options());
  ResidualGrads rows{.grad = floats_of(grad),
                     .grad_normed = numbers_of(grad_normed),
                     .rounded = dtype == at::kFloat ? nullptr : to.rounded.data_ptr(),
                     .grad_bias = sums[0].data_ptr<float>(),
                     .C = C};
  if (normed) {
    rows.sum = floats_of(residual.sum), rows.mean = floats_of(residual.mean);
    rows.scale = floats_of(residual.scale), rows.weight = floats_of(weight);
    rows.grad_sum = to.sum.data_ptr<float>();
    rows.grad_weight = sums[1].data_ptr<float>(), rows.grad_norm_bias = sums[2].data_ptr<float>();
  }
  pass.run(rows, &cpu::RowKernels::residual_backward, &cuda::BlockRowKernels::residual_backward);
  to.bias = sums[0].sum(0);
  if (normed) to.norm_weight = sums[1].sum(0), to.norm_bias = sums[2].sum(0);
  return to;
}

Tensor bias_gelu(const Tensor& x_in, const Tensor& bias_in, const cpu::Isa* isa) {
  const Tensor x = aligned(x_in), bias = aligned(bias_in), out = at::empty_like(x);
  const GeluRows rows{.x = numbers_of(x), .bias = floats_of(bias), .out = out.data_ptr(), .C = x.size(1)};
  RowPass(x, x.scalar_type(), isa).run(rows, &cpu::RowKernels::gelu, &cuda::BlockRowKernels::gelu);
  return out;
}

BiasGeluGrad bias_gelu_backward(const Tensor& grad_in, const Tensor& x_in, const Tensor& bias_in,
                                const cpu::Isa* isa) {
  const Tensor grad = aligned(grad_in), x = aligned(x_in), bias = aligned(bias_in), out = at::empty_like(x);
  const RowPass pass(x, x.scalar_type(), isa);
  const Tensor sums = at::empty({pass.items(), pass.C}, bias.options());
  const GeluRows rows{.x = numbers_of(x),
                      .grad = numbers_of(grad),
                      .bias = floats_of(bias),
                      .out = out.data_ptr(),
                      .grad_bias = sums.data_ptr<float>(),
                      .C = x.size(1)};
  pass.run(rows, &cpu::RowKernels::gelu_backward, &cuda::BlockRowKernels::gelu_backward);
  return {out, sums.sum(0)};
}

}  // namespace uvic

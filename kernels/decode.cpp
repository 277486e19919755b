#include "kernels/decode.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <cmath>
#include <vector>

#include "kernels/cpu/cog_attention_cpu.h"

namespace uvic {
namespace {

constexpr int64_t kMostRows = 16;            // from there on oneDNN's products are as fast
constexpr int64_t kGrainProducts = 1 << 15;  // multiply-adds that are worth a thread

bool has_dtype(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16;
}

cpu::DecodeKernels::Attend kernel_of(AttentionKind kind, at::ScalarType dtype) {
  const auto& kernels = cpu::default_isa().decode();
  const bool wide = dtype == at::kFloat;
  TORCH_CHECK(has_decode_kernel(kind), "attend_one: there is no kernel for ", name_of(kind), " attention");
  if (kind == AttentionKind::kCog) return wide ? kernels.cog_f32 : kernels.cog_bf16;
  return wide ? kernels.softmax_f32 : kernels.softmax_bf16;
}

}  // namespace

bool has_decode_kernel(AttentionKind kind) {
  return kind == AttentionKind::kCog || kind == AttentionKind::kSoftmax;
}

bool takes_rows(const at::Tensor& x, const at::Tensor& weight) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.size(0) <= kMostRows && has_dtype(weight) &&
         weight.is_contiguous();
}

at::Tensor linear_of_rows(const at::Tensor& x_in, const at::Tensor& weight) {
  TORCH_CHECK(x_in.dim() == 2 && weight.dim() == 2 && x_in.size(1) == weight.size(1),
              "linear_of_rows: x must be [rows, in] and weight [out, in], got ", x_in.sizes(), " and ",
              weight.sizes());
  TORCH_CHECK(takes_rows(x_in, weight), "linear_of_rows: at most ", kMostRows,
              " rows of float32 on the CPU and a contiguous weight of float32 or bfloat16 are taken, got ",
              x_in.sizes(), " ", x_in.scalar_type(), " and ", weight.scalar_type());
  const at::Tensor x = x_in.contiguous();
  const at::Tensor y = at::empty({x.size(0), weight.size(0)}, x.options());
  const cpu::LinearRows problem{x.const_data_ptr<float>(),
                                weight.const_data_ptr(),
                                y.data_ptr<float>(),
                                x.size(0),
                                x.size(1),
                                weight.size(0)};
  const auto& kernels = cpu::default_isa().decode();
  const auto run = weight.scalar_type() == at::kFloat ? kernels.linear_f32 : kernels.linear_bf16;
  const int64_t grain = std::max<int64_t>(kGrainProducts / (problem.rows * problem.in + 1), 4);
  at::parallel_for(0, problem.out, grain, [&](int64_t begin, int64_t end) { run(problem, begin, end); });
  return y;
}

at::Tensor attend_one(AttentionKind kind, const at::Tensor& q_in, const at::Tensor& keys,
                      const at::Tensor& values) {
  const int64_t H = q_in.size(0), D = q_in.size(1), M = keys.size(1);
  TORCH_CHECK(q_in.dim() == 2 && q_in.scalar_type() == at::kFloat &&
                  keys.sizes() == at::IntArrayRef({H, M, D}) && values.sizes() == keys.sizes() && M > 0,
              "attend_one: q must be float32 [H, D], keys and values [H, M, D], got ", q_in.sizes(), ", ",
              keys.sizes(), " and ", values.sizes());
  TORCH_CHECK(q_in.is_cpu() && has_dtype(keys) && keys.scalar_type() == values.scalar_type() &&
                  keys.stride(2) == 1 && values.stride(2) == 1,
              "attend_one: keys and values must be float32 or bfloat16 on the CPU, contiguous in D");
  const at::Tensor q = q_in.contiguous(), out = at::empty({H, D}, q.options());
  const cpu::OneQuery problem{.q = q.const_data_ptr<float>(),
                              .k = keys.const_data_ptr(),
                              .v = values.const_data_ptr(),
                              .out = out.data_ptr<float>(),
                              .M = M,
                              .D = D,
                              .k_head = keys.stride(0),
                              .k_row = keys.stride(1),
                              .v_head = values.stride(0),
                              .v_row = values.stride(1),
                              .scale = 1 / std::sqrt(double(D))};
  const auto run = kernel_of(kind, keys.scalar_type());
  const int64_t grain = std::max<int64_t>(kGrainProducts / (2 * M * D), 1);
  at::parallel_for(0, H, grain, [&](int64_t begin, int64_t end) {
    std::vector<float> scores(size_t(M + 16));  // up to a vector more
    for (int64_t head = begin; head < end; ++head) run(problem, head, scores.data());
  });
  return out;
}

}  // namespace uvic

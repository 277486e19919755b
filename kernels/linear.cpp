#include "kernels/linear.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/cpu/in_turn.h"

namespace uvic {
namespace {

using at::Tensor;

constexpr double kInt8Most = 127;

const cpu::LinearKernels& linear_kernels_of(WeightFormat format, const cpu::Isa* isa) {
  const cpu::LinearKernelSet& set = (isa != nullptr ? *isa : cpu::default_isa()).linear();
  switch (format) {
    case WeightFormat::kFp32:
      return set.f32;
    case WeightFormat::kBf16:
      return set.bf16;
    default:
      return set.int8;
  }
}

bool is_float(const Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat;
}

// Contiguous rows of x; c10::Error unless it has the width.
Tensor input_rows(const Tensor& x, int64_t columns, const char* what) {
  TORCH_CHECK(x.is_cpu() && x.dim() >= 1 && x.size(-1) == columns &&
                  (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16),
              "PackedLinear: ", what, " must be [..., ", columns, "], float32 or bfloat16 on the CPU, got ",
              x.sizes(), " ", x.scalar_type());
  return x.contiguous();
}

Tensor vector_of(const Tensor& x, int64_t size, const char* what) {
  TORCH_CHECK(is_float(x) && x.sizes() == at::IntArrayRef({size}), "PackedLinear: ", what, " must be [", size,
              "], float32 on the CPU, got ", x.sizes());
  return x.detach().contiguous();
}

// n rows from `begin` as a problem, one item.
cpu::LinearProblem rows_of(const cpu::LinearProblem& all, int64_t begin, int64_t n) {
  const auto from = [&](const void* data, int64_t columns, bool is_bf16) {
    return data == nullptr ? nullptr : static_cast<const char*>(data) + begin * columns * (is_bf16 ? 2 : 4);
  };
  cpu::LinearProblem p = all;
  p.rows = p.block = n;
  p.x = from(all.x, all.x_columns, all.x_is_bf16);
  p.beside = from(all.beside, all.weight.in - all.x_columns, all.x_is_bf16);
  if (all.residual != nullptr) p.residual = all.residual + begin * all.weight.out;
  p.y = static_cast<char*>(all.y) + begin * all.weight.out * (all.y_is_bf16 ? 2 : 4);
  return p;
}

const float* data_of(const Tensor& x) {
  return x.defined() ? x.const_data_ptr<float>() : nullptr;
}

}  // namespace

struct PackedLinear::Layout {
  Layout(const Tensor& weight_in, WeightFormat format, const cpu::Isa* isa)
      : kernels(linear_kernels_of(format, isa)) {
    TORCH_CHECK(is_float(weight_in) && weight_in.dim() == 2,
                "PackedLinear: the weight must be [out, in], float32 on the CPU, got ", weight_in.sizes());
    const Tensor from = weight_in.detach().contiguous();
    weight.out = from.size(0), weight.in = from.size(1);
    panels.emplace(kernels.panel_bytes(weight.in, weight.out));
    scales.resize(size_t(weight.out)), offsets.resize(size_t(weight.out));
    weight.panels = panels->data, weight.scales = scales.data(), weight.offsets = offsets.data();
    const float* numbers = from.const_data_ptr<float>();
    at::parallel_for(0, kernels.panels(weight.out), 1, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) kernels.pack(numbers, weight, item);
    });
  }

  const cpu::LinearKernels& kernels;
  cpu::PackedWeight weight;
  std::optional<cpu::Aligned> panels;
  std::vector<float> scales;
  std::vector<int32_t> offsets;
  Tensor bias;
};

PackedLinear::PackedLinear(const Tensor& weight, const Tensor& bias, WeightFormat format, const cpu::Isa* isa)
    : layout_(std::make_unique<Layout>(weight, format, isa)) {
  if (bias.defined()) layout_->bias = vector_of(bias, layout_->weight.out, "the bias").clone();
}

PackedLinear::~PackedLinear() = default;
PackedLinear::PackedLinear(PackedLinear&&) noexcept = default;

// A problem, all rows an item, and what it points to.
struct PackedLinear::Checked {
  cpu::LinearProblem problem;
  Tensor x, beside, norm_weight, norm_bias, residual, y;
};

PackedLinear::Checked PackedLinear::check(const LinearCall& call) const {
  const int64_t in = layout_->weight.in, out = layout_->weight.out;
  const int64_t beside_columns = call.beside.defined() ? call.beside.size(-1) : 0;
  Checked to;
  to.x = input_rows(call.x, in - beside_columns, "x");
  if (call.beside.defined()) to.beside = input_rows(call.beside, beside_columns, "beside");
  TORCH_CHECK(!to.beside.defined() ||
                  (to.beside.scalar_type() == to.x.scalar_type() &&
                   to.beside.sizes().slice(0, to.x.dim() - 1) == to.x.sizes().slice(0, to.x.dim() - 1)),
              "PackedLinear: beside must have x's rows and dtype, ", to.x.sizes(), ", got ",
              to.beside.sizes());
  auto shape = to.x.sizes().vec();
  shape.back() = out;
  if (call.residual.defined()) {
    TORCH_CHECK(is_float(call.residual) && call.residual.sizes() == at::IntArrayRef(shape),
                "PackedLinear: the residual must be ", at::IntArrayRef(shape), ", float32, got ",
                call.residual.sizes());
    to.residual = call.residual.contiguous();
  }
  TORCH_CHECK(call.dtype == at::kFloat || call.dtype == at::kBFloat16,
              "PackedLinear: the result is float32 or bfloat16, not ", call.dtype);
  if (call.norm_weight.defined()) {
    to.norm_weight = vector_of(call.norm_weight, in, "norm_weight");
    to.norm_bias = vector_of(call.norm_bias, in, "norm_bias");
  }
  to.y = at::empty(shape, to.x.options().dtype(call.dtype));
  const int64_t rows = out == 0 ? 0 : to.y.numel() / out;
  to.problem = {.weight = layout_->weight,
                .bias = data_of(layout_->bias),
                .rows = rows,
                .block = rows,
                .x = to.x.const_data_ptr(),
                .beside = to.beside.defined() ? to.beside.const_data_ptr() : nullptr,
                .x_columns = in - beside_columns,
                .x_is_bf16 = to.x.scalar_type() == at::kBFloat16,
                .y_is_bf16 = call.dtype == at::kBFloat16,
                .norm_weight = data_of(to.norm_weight),
                .norm_bias = data_of(to.norm_bias),
                .norm_eps = call.norm_eps,
                .gelu = call.gelu,
                .residual = data_of(to.residual),
                .y = to.y.data_ptr()};
  return to;
}

Tensor PackedLinear::operator()(const LinearCall& call) const {
  const Checked all = check(call);
  cpu::LinearProblem problem = all.problem;
  problem.block = cpu::rows_of_item(problem.rows);
  const auto& kernels = layout_->kernels;
  cpu::in_turn(cpu::ceil_div(problem.rows, problem.block), kernels.bytes(problem),
               [&](int64_t item, char* workspace) { kernels.run(problem, item, workspace); });
  return all.y;
}

Tensor PackedLinear::then(const LinearCall& call, const PackedLinear& second, const LinearCall& next) const {
  const Checked first = check(call);
  LinearCall last_call = next;
  last_call.x = first.y;  // whose memory nobody touches
  const Checked last = second.check(last_call);
  const int64_t rows = first.problem.rows, block = cpu::rows_of_item(rows);
  const auto &first_kernels = layout_->kernels, &last_kernels = second.layout_->kernels;
  const auto between = cpu::ceil_div(block * layout_->weight.out * int64_t(first.y.element_size()), 64) * 64;
  const int64_t bytes = std::max(first_kernels.bytes(rows_of(first.problem, 0, block)),
                                 last_kernels.bytes(rows_of(last.problem, 0, block)));
  cpu::in_turn(cpu::ceil_div(rows, block), between + bytes, [&](int64_t item, char* workspace) {
    const int64_t begin = item * block, n = std::min(block, rows - begin);
    cpu::LinearProblem into = rows_of(first.problem, begin, n), out_of = rows_of(last.problem, begin, n);
    into.y = workspace, out_of.x = workspace;
    first_kernels.run(into, 0, workspace + between);
    last_kernels.run(out_of, 0, workspace + between);
  });
  return last.y;
}

double int8_error(const Tensor& weight) {
  const Tensor w = weight.detach();
  const Tensor step = (w.abs().amax(-1, /*keepdim=*/true) / kInt8Most).clamp_min(1e-30);
  const double norm = w.norm().item<double>();
  return norm > 0 ? (w - (w / step).round() * step).norm().item<double>() / norm : 0;
}

}  // namespace uvic

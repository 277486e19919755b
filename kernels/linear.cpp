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

// Rows of an item: a few of the micro-kernel's, so that a panel of the weight is read for many; fewer where
// threads would wait for each other.
constexpr int64_t kMostRowsOfItem = 48, kFewestRowsOfItem = 12, kRowsTogether = 6;
constexpr double kInt8Most = 127;

int64_t rows_of_item(int64_t rows) {
  const int64_t items = cpu::kItemsPerThread * at::get_num_threads(), fair = cpu::ceil_div(rows, items);
  return std::clamp(cpu::ceil_div(fair, kRowsTogether) * kRowsTogether, kFewestRowsOfItem, kMostRowsOfItem);
}

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

Tensor PackedLinear::operator()(const LinearCall& call) const {
  const int64_t in = layout_->weight.in, out = layout_->weight.out;
  const int64_t beside_columns = call.beside.defined() ? call.beside.size(-1) : 0;
  const Tensor x = input_rows(call.x, in - beside_columns, "x");
  const Tensor beside = call.beside.defined() ? input_rows(call.beside, beside_columns, "beside") : Tensor();
  TORCH_CHECK(!beside.defined() || (beside.scalar_type() == x.scalar_type() &&
                                    beside.sizes().slice(0, x.dim() - 1) == x.sizes().slice(0, x.dim() - 1)),
              "PackedLinear: beside must have x's rows and dtype, ", x.sizes(), ", got ", beside.sizes());
  auto shape = x.sizes().vec();
  shape.back() = out;
  Tensor residual;
  if (call.residual.defined()) {
    TORCH_CHECK(is_float(call.residual) && call.residual.sizes() == at::IntArrayRef(shape),
                "PackedLinear: the residual must be ", at::IntArrayRef(shape), ", float32, got ",
                call.residual.sizes());
    residual = call.residual.contiguous();
  }
  TORCH_CHECK(call.dtype == at::kFloat || call.dtype == at::kBFloat16,
              "PackedLinear: the result is float32 or bfloat16, not ", call.dtype);
  Tensor norm_weight, norm_bias;
  if (call.norm_weight.defined()) {
    norm_weight = vector_of(call.norm_weight, in, "norm_weight");
    norm_bias = vector_of(call.norm_bias, in, "norm_bias");
  }
  const Tensor y = at::empty(shape, x.options().dtype(call.dtype));
  cpu::LinearProblem problem{.weight = layout_->weight,
                             .bias = data_of(layout_->bias),
                             .rows = out == 0 ? 0 : y.numel() / out,
                             .x = x.const_data_ptr(),
                             .beside = beside.defined() ? beside.const_data_ptr() : nullptr,
                             .x_columns = in - beside_columns,
                             .x_is_bf16 = x.scalar_type() == at::kBFloat16,
                             .y_is_bf16 = call.dtype == at::kBFloat16,
                             .norm_weight = data_of(norm_weight),
                             .norm_bias = data_of(norm_bias),
                             .norm_eps = call.norm_eps,
                             .gelu = call.gelu,
                             .residual = data_of(residual),
                             .y = y.data_ptr()};
  problem.block = rows_of_item(problem.rows);
  const auto& kernels = layout_->kernels;
  cpu::in_turn(cpu::ceil_div(problem.rows, problem.block), kernels.bytes(problem),
               [&](int64_t item, char* workspace) { kernels.run(problem, item, workspace); });
  return y;
}

double int8_error(const Tensor& weight) {
  const Tensor w = weight.detach();
  const Tensor step = (w.abs().amax(-1, /*keepdim=*/true) / kInt8Most).clamp_min(1e-30);
  const double norm = w.norm().item<double>();
  return norm > 0 ? (w - (w / step).round() * step).norm().item<double>() / norm : 0;
}

}  // namespace uvic

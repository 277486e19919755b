#include "kernels/weight_grad.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/cpu/in_turn.h"

namespace uvic {
namespace {

// Of x at a time, so that its copy in panels is 16 MB where `in` is 2,048, however large a batch is.
constexpr int64_t kRowsOfPanel = 2048;

}  // namespace

at::Tensor weight_grad(const at::Tensor& grad, const at::Tensor& x, const cpu::Isa* isa) {
  const auto fits = [](const at::Tensor& t) {
    return t.is_cpu() && t.dim() == 2 && t.scalar_type() == at::kFloat;
  };
  TORCH_CHECK(fits(grad) && fits(x) && grad.size(0) == x.size(0),
              "weight_grad: grad and x must be [R, out] and [R, in], float32 on the CPU, got ", grad.sizes(),
              " ", grad.scalar_type(), " and ", x.sizes(), " ", x.scalar_type());
  const auto& kernels = (isa != nullptr ? *isa : cpu::default_isa()).linear().weight_grad;
  const int64_t rows = x.size(0), in = x.size(1), out = grad.size(1);
  const at::Tensor grads = grad.detach().contiguous(), inputs = x.detach().contiguous();
  const at::Tensor result = rows == 0 ? at::zeros({out, in}, x.options()) : at::empty({out, in}, x.options());
  const cpu::Aligned panels(kernels.panel_bytes(std::min(rows, kRowsOfPanel), in));
  for (int64_t first = 0; first < rows; first += kRowsOfPanel) {
    const cpu::WeightGradProblem problem{.grad = grads.const_data_ptr<float>() + first * out,
                                         .x = inputs.const_data_ptr<float>() + first * in,
                                         .rows = std::min(rows - first, kRowsOfPanel),
                                         .out = out,
                                         .in = in,
                                         .block = cpu::rows_of_item(out),
                                         .panels = reinterpret_cast<float*>(panels.data),
                                         .accumulate = first > 0,
                                         .result = result.data_ptr<float>()};
    at::parallel_for(0, kernels.panels(in), 1, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) kernels.pack(problem, item);
    });
    cpu::in_turn(cpu::ceil_div(out, problem.block), kernels.bytes(problem),
                 [&](int64_t item, char* workspace) { kernels.run(problem, item, workspace); });
  }
  return result;
}

}  // namespace uvic

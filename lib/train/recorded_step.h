// A step's gradients from a recording.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <vector>

#include "core/gpu_graph.h"

namespace uvic {

/// Forward and backward of a slice, which after some steps as ever are recorded as a CUDA graph and from then
/// on replayed: the same kernels in the same order, so the same bits.
class RecordedStep {
 public:
  RecordedStep(std::vector<at::Tensor> parameters, c10::Device device)
      : parameters_(std::move(parameters)), device_(device) {}

  /// The losses that `losses` computes of `inputs` [count], without their graph, and gradients of their sum
  /// over `total` in the parameters' .grad, which hold none before. Shapes of inputs are those of the first
  /// call.
  at::Tensor run(const std::vector<at::Tensor>& inputs, double total,
                 const std::function<at::Tensor(const std::vector<at::Tensor>&)>& losses);

 private:
  std::vector<at::Tensor> parameters_, gradients_, inputs_;
  at::Tensor losses_;
  c10::Device device_;
  int64_t calls_ = 0;
  std::optional<GpuGraph> graph_;
};

}  // namespace uvic

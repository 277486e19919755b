#pragma once
#include <c10/core/Device.h>

#include <memory>

#include "diffusion/loss.h"
#include "tasks/diffusion/inputs.h"

namespace uvic {

class UViT;

/// A network and the loss that it is trained by.
class DiffusionObjective {
 public:
  /// The network's weights are drawn from `seed`.
  DiffusionObjective(const DiffusionConfig& config, c10::Device device, uint64_t seed);

  /// The loss of each image at the current weights, [B].
  at::Tensor losses(const StepInputs& inputs) const { return losses(prepared(inputs)); }
  /// The same in two parts, as Task has them.
  std::vector<at::Tensor> prepared(const StepInputs& inputs) const;
  at::Tensor losses(const std::vector<at::Tensor>& prepared) const;

  const std::shared_ptr<UViT>& model() const { return model_; }
  const NoiseSchedule& schedule() const { return loss_.schedule(); }

 private:
  std::shared_ptr<UViT> model_;
  DiffusionLoss loss_;
  Precision precision_;
  c10::Device device_;
};

}  // namespace uvic

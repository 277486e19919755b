#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "train/options.h"

namespace uvic {

/// base * min(step / warmup_steps, 1), step from 0, so the first update has rate 0, as in U-ViT; cosine:
/// times (1 + cos(pi * p)) / 2 with p from 0 at the end of the warm-up to 1 at `total_steps`.
double learning_rate(const OptimizerOptions& options, int64_t step, int64_t total_steps);

/// AdamW through ATen's fused kernel. Moments are zero until the first update.
class AdamW {
 public:
  AdamW(std::vector<at::Tensor> parameters, const OptimizerOptions& options);

  /// One update from the parameters' .grad; a parameter without a gradient counts as gradient 0.
  void step(double lr);
  void zero_grad();
  /// The gradients of all parameters, in order, created as zeros where absent.
  std::vector<at::Tensor> gradients();

  /// State for checkpoints, in the parameters' order.
  std::vector<at::Tensor> exp_avgs, exp_avg_sqs;
  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates);

 private:
  std::vector<at::Tensor> parameters_, state_steps_;
  OptimizerOptions options_;
  int64_t updates_ = 0;
};

/// The L2 norm of all gradients together, a 0-dim tensor on their device.
at::Tensor gradient_norm(const std::vector<at::Tensor>& gradients);

}  // namespace uvic

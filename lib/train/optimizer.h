// What turns the gradients of a step into new weights: alone, as one of several processes that each keep all
// of the optimiser's state, or with that state divided among them.
#pragma once
#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "dist/world.h"
#include "nn/parameters.h"
#include "train/options.h"

namespace uvic {

/// base * min(step / warmup_steps, 1), step from 0, so the first update has rate 0, as in U-ViT; cosine:
/// times (1 + cos(pi * p)) / 2 with p from 0 at the end of the warm-up to 1 at `total_steps`.
double learning_rate(const OptimizerOptions& options, int64_t step, int64_t total_steps);

/// Averages of the gradients and of their squares, a tensor a parameter in the parameters' order. What Muon
/// updates has no average of squares: undefined.
struct AdamMoments {
  std::vector<at::Tensor> exp_avgs, exp_avg_sqs;
};

/// Of a step: zero_grad, backward (begin_last before that of the last micro-batch), gradient_norm, then
/// scale_gradients and update, or neither. Everything is called by all ranks alike.
class Optimizer {
 public:
  virtual ~Optimizer() = default;
  virtual void zero_grad() = 0;
  /// Before the last backward of a step: what the ranks have is summed while it runs.
  virtual void begin_last() = 0;
  /// The L2 norm of all gradients together, summed over the ranks.
  virtual double gradient_norm() = 0;
  virtual void scale_gradients(double factor) = 0;
  virtual void update(double lr) = 0;

  /// Whole on rank 0, not copies where they need not be; on other ranks empty where the state is divided.
  virtual AdamMoments moments() const = 0;
  virtual void load(const AdamMoments& moments, int64_t updates) = 0;
  virtual int64_t updates() const = 0;
  /// Whether AdamMoments has an average of squares of this parameter.
  virtual bool has_squares(size_t parameter) const = 0;
};

/// `world` shares the batches; train.shard_optimizer: each rank keeps and updates its part of the state (ZeRO
/// stage 1). Muon computes in train.precision.
std::unique_ptr<Optimizer> make_optimizer(const torch::nn::Module& module, const OptimizerOptions& options,
                                          const TrainOptions& train, const World& world);

/// Numbers that AdamMoments are: two a number of the parameters, one where Muon updates them.
int64_t count_moments(const OptimizerOptions& options, const ParameterShapes& shapes);

/// The parameters' .grad, in order, created as zeros where absent.
std::vector<at::Tensor> gradients_of(const std::vector<at::Tensor>& parameters);
/// Makes them undefined.
void zero_grad(const std::vector<at::Tensor>& parameters);

/// AdamW through ATen's fused kernel. Moments are zero until the first update.
class AdamW {
 public:
  AdamW(std::vector<at::Tensor> parameters, const OptimizerOptions& options);

  /// One update from the parameters' .grad; a parameter without a gradient counts as gradient 0.
  void step(double lr);

  /// State for checkpoints, in the parameters' order.
  AdamMoments moments;
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

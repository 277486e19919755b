// From a network's output to the two things solvers work with: the predicted clean image and the predicted
// noise.
#pragma once
#include <functional>
#include <memory>

#include "diffusion/guidance.h"
#include "diffusion/network.h"
#include "diffusion/prediction.h"
#include "diffusion/schedule.h"

namespace uvic {

using Denoiser = std::function<Prediction(const at::Tensor& x, double t)>;

/// What turns (x, t, condition) into a prediction.
struct DenoiserParts {
  Network network;
  std::shared_ptr<const NoiseSchedule> schedule;
  PredictionType prediction;
  bool clip_x0 = false;  ///< clamp every predicted x0 to [-1, 1]
  Guidance guidance = {};
};

/// A denoiser under a fixed condition.
Denoiser make_denoiser(const DenoiserParts& parts, Condition condition);

}  // namespace uvic

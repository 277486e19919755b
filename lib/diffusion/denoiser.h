// From a network's output to the two things solvers work with: the predicted clean image and the predicted
// noise.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>

#include "diffusion/schedule.h"

namespace uvic {

/// A network as diffusion sees it: x [B, C, H, W] float32, timesteps [B] float32, labels [B] int64 or
/// undefined -> [B, C, H, W].
using Network =
    std::function<at::Tensor(const at::Tensor& x, const at::Tensor& timesteps, const at::Tensor& labels)>;

/// x = alpha x0 + sigma noise holds between the two (after clipping too: noise then follows x0).
struct Prediction {
  at::Tensor x0, noise;  ///< float32 [B, C, H, W]
};
using Denoiser = std::function<Prediction(const at::Tensor& x, double t)>;

/// Which quantity a network's output is.
enum class PredictionType { kNoise, kX0 };
PredictionType parse_prediction(const std::string& name);

/// The training target: the noise, or the clean image.
at::Tensor prediction_target(PredictionType type, const at::Tensor& x0, const at::Tensor& noise);

/// Converts a network's output at noise level (alpha, sigma). `clip_x0` clamps x0 to [-1, 1] and recomputes
/// the noise.
Prediction to_prediction(PredictionType type, const at::Tensor& output, const at::Tensor& x, double alpha,
                         double sigma, bool clip_x0);

/// Classifier-free guidance (Ho & Salimans 2022): uncond + cfg (cond - uncond), in one call of the network on
/// 2B images. cfg = 1 is the network itself. U-ViT's own `scale` s is cfg = 1 + s.
Network with_guidance(Network network, double cfg, int64_t null_label);

/// A denoiser over a network and fixed labels ([B] or undefined).
Denoiser make_denoiser(Network network, std::shared_ptr<const NoiseSchedule> schedule, PredictionType type,
                       bool clip_x0, at::Tensor labels);

}  // namespace uvic

#pragma once
#include <ATen/core/Tensor.h>

#include "diffusion/denoiser.h"

namespace uvic {

/// x_t = alpha(t) x0 + sigma(t) noise. x0, noise: [B, C, H, W]; t: float32 [B] on the CPU, in [0, 1].
at::Tensor add_noise(const NoiseSchedule& schedule, const at::Tensor& x0, const at::Tensor& noise,
                     const at::Tensor& t);

/// The simple loss (Ho et al. 2020, eq. 14): the mean over C, H, W of the squared error of the prediction.
/// Returns [B].
at::Tensor simple_loss(const Network& network, const NoiseSchedule& schedule, PredictionType type,
                       const at::Tensor& x0, const at::Tensor& noise, const at::Tensor& t,
                       const at::Tensor& labels);

}  // namespace uvic

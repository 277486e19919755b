#pragma once
#include <ATen/core/Tensor.h>

#include <memory>

#include "diffusion/network.h"
#include "diffusion/options.h"
#include "diffusion/prediction.h"
#include "diffusion/schedule.h"

namespace uvic {

/// x_t = alpha(t) x0 + sigma(t) noise. x0, noise: [B, C, H, W]; t: float32 [B] on the CPU.
at::Tensor add_noise(const NoiseSchedule& schedule, const at::Tensor& x0, const at::Tensor& noise,
                     const at::Tensor& t);

/// What the loss of a batch is computed from, on its device.
struct NoisedBatch {
  at::Tensor input, target;  ///< of the network, [B, C, H, W]
  at::Tensor timesteps;      ///< [B], in the schedule's units
  at::Tensor weight;         ///< [B], of the squared error; undefined: 1
};

/// The training loss of each image.
class DiffusionLoss {
 public:
  explicit DiffusionLoss(const DiffusionOptions& options);

  /// weight(t) times the mean over C, H, W of the squared error of the network's output. t: float32 [B] on
  /// the CPU, in the schedule's times. Returns [B].
  at::Tensor operator()(const Network& network, const at::Tensor& x0, const at::Tensor& noise,
                        const at::Tensor& t, const Condition& condition) const {
    return of(network, noised(x0, noise, t), condition);
  }
  /// The same in two parts, of which the second computes on the device alone.
  NoisedBatch noised(const at::Tensor& x0, const at::Tensor& noise, const at::Tensor& t) const;
  static at::Tensor of(const Network& network, const NoisedBatch& batch, const Condition& condition);

  /// The weight of the output's squared error. `simple`: 1 (Ho et al. 2020, eq. 14). The others are weights
  /// of x0's squared error, in SNR = alpha^2 / sigma^2, divided by what the output's error makes of it:
  /// min_snr: min(SNR, gamma) (Hang et al. 2023, arXiv 2303.09556, eq. 5); soft_min_snr: its smooth minimum
  /// SNR gamma / (SNR + gamma) (Crowson et al. 2024, arXiv 2401.11605, section 3.4); edm:
  /// 1/sigma_data^2 + SNR, so 1 under EDM's preconditioning (Karras et al. 2022, arXiv 2206.00364, table 1).
  double weight(double t) const;

  const NoiseSchedule& schedule() const { return *schedule_; }

 private:
  double x0_weight(double snr) const;
  DiffusionOptions options_;
  std::shared_ptr<const NoiseSchedule> schedule_;
  PredictionType prediction_;
};

}  // namespace uvic

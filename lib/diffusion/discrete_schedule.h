#pragma once
#include <vector>

#include "diffusion/vp_schedules.h"

namespace uvic {

/// N noise levels with variances beta_1 .. beta_N (Ho et al. 2020), made continuous as in U-ViT and
/// DPM-Solver: log alpha is linear in t between the knots t = n / N, and alpha(0) = 1. Training draws the
/// knots alone; the network is fed 1000 t, so n for N = 1000.
class DiscreteSchedule : public VpSchedule {
 public:
  /// `zero_terminal_snr` shifts and scales alpha so that the last level is pure noise (Lin et al. 2023, arXiv
  /// 2305.08891, algorithm 1).
  explicit DiscreteSchedule(const std::vector<double>& betas, bool zero_terminal_snr = false);

  double drift(double t) const override;
  double timestep(double t) const override { return 1000.0 * t; }
  double min_time() const override { return 1.0 / intervals(); }
  double time_at(double u) const override;

 protected:
  double log_alpha(double t) const override;
  double inverse_log_alpha(double log_alpha) const override;

 private:
  double intervals() const { return double(log_alphas_.size() - 1); }
  std::vector<double> log_alphas_;  // at t = 0, 1/N, ..., 1
};

/// Stable Diffusion's: the square roots of beta grow linearly from sqrt(0.00085) to sqrt(0.012).
std::vector<double> scaled_linear_betas();
/// DDPM's: `levels` equal steps from beta_start to beta_end.
std::vector<double> linear_betas(double beta_start, double beta_end, int64_t levels = 1000);

}  // namespace uvic

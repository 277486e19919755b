// Variance-preserving schedules in continuous time: alpha^2 + sigma^2 = 1.
#pragma once
#include "diffusion/schedule.h"

namespace uvic {

/// All of it from log alpha and its inverse.
class VpSchedule : public NoiseSchedule {
 public:
  double alpha(double t) const override;
  double sigma(double t) const override;
  double lambda(double t) const override;
  double inverse_lambda(double lambda) const override;
  double diffusion(double t) const override { return -2.0 * drift(t); }
  double timestep(double t) const override { return 999.0 * t; }

 protected:
  virtual double log_alpha(double t) const = 0;
  virtual double inverse_log_alpha(double log_alpha) const = 0;
};

/// beta(t) = beta_min + t (beta_max - beta_min), the VP SDE (Song et al. 2021, arXiv 2011.13456, eq. 32).
class VpLinearSchedule : public VpSchedule {
 public:
  explicit VpLinearSchedule(double beta_min = 0.1, double beta_max = 20.0)
      : beta_min_(beta_min), beta_max_(beta_max) {}
  double drift(double t) const override;

 protected:
  double log_alpha(double t) const override;
  double inverse_log_alpha(double log_alpha) const override;

 private:
  double beta_min_, beta_max_;
};

/// alpha = cos((t + s) / (1 + s) pi / 2) / cos(s / (1 + s) pi / 2), s = 0.008 (Nichol & Dhariwal 2021, arXiv
/// 2102.09672, eq. 17). It ends at t = 0.9946, as DPM-Solver has it: beta grows without bound towards 1.
class VpCosineSchedule : public VpSchedule {
 public:
  double drift(double t) const override;
  double max_time() const override { return 0.9946; }

 protected:
  double log_alpha(double t) const override;
  double inverse_log_alpha(double log_alpha) const override;
};

/// alpha^2 falls from 1 to 0 along a sigmoid from -3 to 3 (Jabri et al. 2022, arXiv 2212.11972, appendix B;
/// Chen 2023, arXiv 2301.10972, algorithm 1, tau = 1). It ends where alpha^2 is 1e-9, as theirs is clipped.
class SigmoidSchedule : public VpSchedule {
 public:
  SigmoidSchedule();
  double drift(double t) const override;
  double max_time() const override { return max_time_; }

 protected:
  double log_alpha(double t) const override;
  double inverse_log_alpha(double log_alpha) const override;

 private:
  double max_time_ = 1.0;
};

}  // namespace uvic

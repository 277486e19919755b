#pragma once
#include "diffusion/schedule.h"

namespace uvic {

/// Rectified flow's straight line x_t = (1 - t) x_0 + t noise (Liu et al. 2022, arXiv 2209.03003, eq. 1;
/// Esser et al. 2024, arXiv 2403.03206, eq. 13). The network is fed 1000 t.
class FlowSchedule : public NoiseSchedule {
 public:
  double alpha(double t) const override { return 1.0 - t; }
  double sigma(double t) const override { return t; }
  double lambda(double t) const override;
  double inverse_lambda(double lambda) const override;
  double drift(double t) const override { return -1.0 / (1.0 - t); }
  double diffusion(double t) const override { return 2.0 * t / (1.0 - t); }
  double timestep(double t) const override { return 1000.0 * t; }
};

}  // namespace uvic

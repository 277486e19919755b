// The pieces of exponential integrators in lambda = log(alpha / sigma), shared by the DPM-Solver family. With
// z = -h for the data prediction and z = h for the noise prediction, h the interval of lambda, the integrals
// of the Taylor terms are phi_k(z).
#pragma once
#include <ATen/core/Tensor.h>

#include <cmath>

#include "diffusion/schedule.h"

namespace uvic {

inline double phi1(double z) {
  return std::expm1(z);
}
inline double phi2(double z) {
  return phi1(z) / z - 1.0;
}
inline double phi3(double z) {
  return phi2(z) / z - 0.5;
}

/// From time s to t with the data prediction x0 constant between (Lu et al. 2022, arXiv 2211.01095, eq. 9);
/// also where sigma(t) or alpha(s) is 0.
inline at::Tensor data_step(const NoiseSchedule& schedule, const at::Tensor& x, const at::Tensor& x0,
                            double s, double t) {
  const double h = schedule.lambda(t) - schedule.lambda(s);
  return x * (schedule.sigma(t) / schedule.sigma(s)) - x0 * (schedule.alpha(t) * phi1(-h));
}

}  // namespace uvic

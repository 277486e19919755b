// Power-function averages of weights and their post-hoc reconstruction (Karras et al. 2024, "Analyzing and
// Improving the Training Dynamics of Diffusion Models", EDM2, arXiv 2312.02696, section 3 and appendix C).
#pragma once
#include <cstdint>
#include <vector>

namespace uvic {

/// A profile's width is its standard deviation over the length of training, EDM2's sigma_rel; gamma is its
/// exponent: the average at time t weighs the weights at time u by (gamma + 1) u^gamma / t^(gamma + 1)
/// (eq. 3). Widths lie in (0, 0.28868): the widest is the plain mean of all steps.
constexpr double kWidestEma = 0.28867;
double power_ema_exponent(double width);
double power_ema_width(double gamma);

/// The decay of the running average at update n, from 1 (eq. 123): 0 at the first.
double power_ema_decay(double gamma, int64_t n);

struct PowerProfile {
  double time;  ///< updates that it averages over
  double gamma;
};

/// Factors that combine averages of these profiles into the least-squares best match of `target` (appendix
/// C.3, algorithm 3); they sum to nearly 1.
std::vector<double> reconstruction_factors(const std::vector<PowerProfile>& stored, PowerProfile target);

}  // namespace uvic

#include "diffusion/discrete_schedule.h"

#include <algorithm>
#include <cmath>

namespace uvic {
namespace {

void rescale_to_zero_terminal_snr(std::vector<double>& log_alphas) {
  const double first = std::exp(log_alphas[1]), last = std::exp(log_alphas.back());
  for (size_t n = 1; n < log_alphas.size(); ++n) {
    log_alphas[n] = std::log((std::exp(log_alphas[n]) - last) * (first / (first - last)));
  }
}

}  // namespace

DiscreteSchedule::DiscreteSchedule(const std::vector<double>& betas, bool zero_terminal_snr)
    : log_alphas_(1, 0.0) {
  for (const double beta : betas) log_alphas_.push_back(log_alphas_.back() + 0.5 * std::log1p(-beta));
  if (zero_terminal_snr) rescale_to_zero_terminal_snr(log_alphas_);
}

double DiscreteSchedule::log_alpha(double t) const {
  const double position = std::clamp(t, 0.0, 1.0) * intervals();
  const auto n = std::min(size_t(position), log_alphas_.size() - 2);
  const double above = log_alphas_[n], below = log_alphas_[n + 1], share = position - double(n);
  // Under a zero terminal SNR the last log is -infinity: alpha itself is linear there.
  if (std::isinf(below)) return above + std::log1p(-share);
  return above + share * (below - above);
}

double DiscreteSchedule::inverse_log_alpha(double log_alpha) const {
  const auto below = std::upper_bound(log_alphas_.begin() + 1, log_alphas_.end() - 1, log_alpha,
                                      [](double value, double knot) { return value >= knot; });
  const double lower = *below, upper = *(below - 1);
  const double share =
      std::isinf(lower) ? -std::expm1(log_alpha - upper) : (log_alpha - upper) / (lower - upper);
  return (double(below - 1 - log_alphas_.begin()) + share) / intervals();
}

double DiscreteSchedule::drift(double t) const {
  const auto n = std::min(size_t(std::clamp(t, 0.0, 1.0) * intervals()), log_alphas_.size() - 2);
  return (log_alphas_[n + 1] - log_alphas_[n]) * intervals();
}

double DiscreteSchedule::time_at(double u) const {
  return (std::floor(u * intervals()) + 1.0) / intervals();
}

std::vector<double> linear_betas(double beta_start, double beta_end, int64_t levels) {
  std::vector<double> betas;
  for (int64_t n = 0; n < levels; ++n) {
    betas.push_back(beta_start + (beta_end - beta_start) * double(n) / double(levels - 1));
  }
  return betas;
}

std::vector<double> scaled_linear_betas() {
  auto betas = linear_betas(std::sqrt(0.00085), std::sqrt(0.012));
  for (double& beta : betas) beta *= beta;
  return betas;
}

}  // namespace uvic

#include "diffusion/vp_schedules.h"

#include <cmath>
#include <numbers>

namespace uvic {

double VpSchedule::alpha(double t) const {
  return std::exp(log_alpha(t));
}
double VpSchedule::sigma(double t) const {
  return std::sqrt(-std::expm1(2.0 * log_alpha(t)));
}
double VpSchedule::lambda(double t) const {
  const double log_mean = log_alpha(t);
  return log_mean - 0.5 * std::log(-std::expm1(2.0 * log_mean));
}
double VpSchedule::inverse_lambda(double lambda) const {
  // alpha^2 = 1 / (1 + exp(-2 lambda)), without overflow far below the noisiest level.
  const double softplus = -2.0 * lambda > 30.0 ? -2.0 * lambda : std::log1p(std::exp(-2.0 * lambda));
  return inverse_log_alpha(-0.5 * softplus);
}

double VpLinearSchedule::log_alpha(double t) const {
  return -0.5 * t * (beta_min_ + 0.5 * t * (beta_max_ - beta_min_));
}
double VpLinearSchedule::inverse_log_alpha(double log_alpha) const {
  // A quadratic in t, solved without cancellation.
  const double target = -2.0 * log_alpha, slope = beta_max_ - beta_min_;
  return 2.0 * target / (beta_min_ + std::sqrt(beta_min_ * beta_min_ + 2.0 * slope * target));
}
double VpLinearSchedule::drift(double t) const {
  return -0.5 * (beta_min_ + t * (beta_max_ - beta_min_));
}

namespace {

constexpr double kCosineOffset = 0.008;
constexpr double kAngle = std::numbers::pi / 2 / (1.0 + kCosineOffset);  // per unit of t

constexpr double kSigmoidStart = -3.0, kSigmoidEnd = 3.0, kSmallestAlphaSquared = 1e-9;
double logistic(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}
double sigmoid_at(double t) {
  return logistic(kSigmoidStart + t * (kSigmoidEnd - kSigmoidStart));
}
double sigmoid_range() {
  return logistic(kSigmoidEnd) - logistic(kSigmoidStart);
}

}  // namespace

double VpCosineSchedule::log_alpha(double t) const {
  return std::log(std::cos((t + kCosineOffset) * kAngle) / std::cos(kCosineOffset * kAngle));
}
double VpCosineSchedule::inverse_log_alpha(double log_alpha) const {
  return std::acos(std::exp(log_alpha) * std::cos(kCosineOffset * kAngle)) / kAngle - kCosineOffset;
}
double VpCosineSchedule::drift(double t) const {
  return -kAngle * std::tan((t + kCosineOffset) * kAngle);
}

SigmoidSchedule::SigmoidSchedule() : max_time_(inverse_log_alpha(0.5 * std::log(kSmallestAlphaSquared))) {}

double SigmoidSchedule::log_alpha(double t) const {
  // alpha^2 = 1 - (what the sigmoid has risen) / range: log1p keeps its precision near t = 0.
  return 0.5 * std::log1p(-(sigmoid_at(t) - logistic(kSigmoidStart)) / sigmoid_range());
}
double SigmoidSchedule::inverse_log_alpha(double log_alpha) const {
  const double value = logistic(kSigmoidStart) - std::expm1(2.0 * log_alpha) * sigmoid_range();
  return (std::log(value / (1.0 - value)) - kSigmoidStart) / (kSigmoidEnd - kSigmoidStart);
}
double SigmoidSchedule::drift(double t) const {
  const double value = sigmoid_at(t);
  const double slope = value * (1.0 - value) * (kSigmoidEnd - kSigmoidStart) / sigmoid_range();
  return -0.5 * slope / ((logistic(kSigmoidEnd) - value) / sigmoid_range());
}

}  // namespace uvic

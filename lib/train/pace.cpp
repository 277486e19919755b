#include "train/pace.h"

#include <cstdio>

namespace uvic {
namespace {

void blend(double& mean, double value, double share) {
  mean += (value - mean) * (mean == 0 ? 1 : share);
}

}  // namespace

Pace::Pace(int64_t steps, int64_t done, int64_t units_per_step, std::string unit)
    : bar_("training", "steps", steps, done),
      unit_(std::move(unit)),
      units_per_step_(units_per_step),
      step_(done) {}

void Pace::add_step(double seconds, int64_t step, double loss, bool skipped) {
  ++steps_counted_;
  step_ = step;
  blend(step_seconds_, seconds, 0.05);
  if (!skipped) blend(loss_, loss, 0.02);
  char detail[96];
  std::snprintf(detail, sizeof detail, "loss %.4f  %.0f %s/s", loss_, double(units_per_step_) / step_seconds_,
                unit_.c_str());
  bar_.update(step, detail);
}

void Pace::show(const std::string& doing) {
  bar_.update(step_, doing);
}

void Pace::restart(double waited) {
  began_ = Clock::now();
  waited_before_ = waited;
  steps_counted_ = 0;
}

double Pace::per_second() const {
  return double(steps_counted_ * units_per_step_) / elapsed();
}

double Pace::wait_fraction(double waited) const {
  return (waited - waited_before_) / elapsed();
}

}  // namespace uvic

#include "diffusion/flow_schedule.h"

#include <cmath>

namespace uvic {

double FlowSchedule::lambda(double t) const {
  return std::log((1.0 - t) / t);
}
double FlowSchedule::inverse_lambda(double lambda) const {
  return 1.0 / (1.0 + std::exp(lambda));
}

}  // namespace uvic

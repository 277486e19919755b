#include "diffusion/schedule.h"

#include <c10/util/Exception.h>

#include "core/errors.h"
#include "diffusion/discrete_schedule.h"
#include "diffusion/edm_schedule.h"
#include "diffusion/flow_schedule.h"

namespace uvic {

std::shared_ptr<const NoiseSchedule> make_schedule(const DiffusionOptions& o) {
  check_usage(o.beta_min <= o.beta_max, "diffusion.beta_min: ", o.beta_min,
              " must not exceed diffusion.beta_max ", o.beta_max);
  check_usage(o.sigma_min < o.sigma_max, "diffusion.sigma_min: ", o.sigma_min,
              " must be below diffusion.sigma_max ", o.sigma_max);
  switch (o.schedule) {
    case ScheduleKind::kVpLinear:
      return std::make_shared<VpLinearSchedule>(o.beta_min, o.beta_max);
    case ScheduleKind::kVpCosine:
      return std::make_shared<VpCosineSchedule>();
    case ScheduleKind::kSigmoid:
      return std::make_shared<SigmoidSchedule>();
    case ScheduleKind::kEdm:
      return std::make_shared<EdmSchedule>(o.sigma_min, o.sigma_max);
    case ScheduleKind::kFlow:
      return std::make_shared<FlowSchedule>();
    case ScheduleKind::kScaledLinear:
      return std::make_shared<DiscreteSchedule>(scaled_linear_betas(), o.zero_terminal_snr);
    case ScheduleKind::kDdpmLinear:
      check_usage(o.beta_max < 1000, "diffusion.beta_max: ", o.beta_max,
                  " must be below 1000 for ddpm_linear");
      return std::make_shared<DiscreteSchedule>(linear_betas(o.beta_min / 1000, o.beta_max / 1000),
                                                o.zero_terminal_snr);
  }
  TORCH_CHECK(false, "unreachable");
}

}  // namespace uvic

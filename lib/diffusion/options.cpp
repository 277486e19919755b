#include "diffusion/options.h"

#include "core/errors.h"
#include "diffusion/schedule.h"

namespace uvic {
void DiffusionOptions::validate() const {
  check_all_read(*this, "diffusion");
  const auto noise_schedule = make_schedule(*this);
  if (noise_schedule->ends_without_signal()) {
    check_usage(prediction != PredictionKind::kNoise && prediction != PredictionKind::kEdm,
                "diffusion.prediction: ", prediction, " says nothing about the image where schedule ",
                schedule, zero_terminal_snr ? " with zero_terminal_snr" : "",
                " has no signal left (alpha = 0); use x0, v or flow");
  }
}

}  // namespace uvic

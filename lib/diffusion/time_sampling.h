#pragma once
#include "core/random.h"
#include "diffusion/options.h"
#include "diffusion/schedule.h"

namespace uvic {

/// One training time for image `position` of a batch of `batch_size`, from `random` alone.
/// uniform and stratified: time_at(u) of the schedule, u in [0, 1) or in the position's own part of it
/// (Kingma et al. 2021, arXiv 2107.00630, appendix I.1); logit_normal: time_at(sigmoid(z)), z ~
/// N(logit_mean, logit_std^2) (Esser et al. 2024, arXiv 2403.03206, eq. 19); log_normal: where
/// ln(sigma / alpha) ~ N(p_mean, p_std^2) (Karras et al. 2022, arXiv 2206.00364, table 1), at most max_time.
double sample_time(const DiffusionOptions& options, const NoiseSchedule& schedule, CounterRandom& random,
                   int64_t position, int64_t batch_size);

}  // namespace uvic

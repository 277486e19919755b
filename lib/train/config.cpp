#include "train/config.h"

#include "core/config.h"
#include "core/errors.h"
#include "sampling/plan.h"

namespace uvic {

void Config::validate() const {
  model.validate();
  data.validate();
  check_usage(optimizer.betas.size() == 2, "optimizer.betas: must be two numbers, got ",
              optimizer.betas.size());
  check_usage(train.batch_size % train.grad_accum == 0, "train.grad_accum: ", train.grad_accum,
              " must divide train.batch_size ", train.batch_size);
  check_usage(train.snapshot_interval == 0 || !train.ema_widths.empty(),
              "train.snapshot_interval: there are no train.ema_widths to take snapshots of");
  check_usage(
      !model.conditional() || diffusion.p_uncond == 0 || model.num_classes >= 2,
      "model.num_classes: with diffusion.p_uncond above 0 the last row is the null label, so at least 2 are "
      "needed, got ",
      model.num_classes);
  diffusion.validate();
  plan_sampling(sample, diffusion);
  plan_sampling(preview_sample(), diffusion);
  check_usage(train.eval_interval == 0 || (!train.eval_stats.empty() && !train.eval_features.empty()),
              "train.eval_interval: ", train.eval_interval,
              " needs train.eval_stats and train.eval_features");
}

std::string Config::to_yaml() const {
  Config copy = *this;
  return print_yaml(fields_of(copy));
}

SampleOptions Config::preview_sample() const {
  SampleOptions options;
  options.solver = preview.solver;
  options.steps = preview.steps;
  options.cfg = preview.cfg;
  options.guidance_interval = sample.guidance_interval;
  options.guidance_rescale = sample.guidance_rescale;
  options.batch_size = std::min(sample.batch_size, preview.images);
  options.precision = sample.precision;
  options.clip_x0 = sample.clip_x0;
  return options;
}

}  // namespace uvic

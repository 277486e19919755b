#include "tasks/diffusion/config.h"

#include <algorithm>

#include "core/errors.h"
#include "recipe/plan.h"

namespace uvic {

void DiffusionConfig::resolve() {
  Recipe::resolve();
  data.resolve();
}

void DiffusionConfig::validate() const {
  Recipe::validate();
  data.validate();
  optimizer.validate();
  train.validate();
  check_together(train, optimizer);
  check_usage(!model.conditional() || diffusion.p_uncond == 0 || model.null_row() >= 0,
              "diffusion.p_uncond: ", diffusion.p_uncond, " needs a null label; model.null_label is ",
              model.null_label);
  plan_sampling(preview_sample(), diffusion);
  check_usage(train.sample_interval == 0 || !makes_pictures() || preview.cfg == 1 || has_null(),
              "preview.cfg: ", preview.cfg,
              " needs a model of classes or of text trained with diffusion.p_uncond above 0; use 1");
  check_usage(train.eval_interval == 0 || (!train.eval_stats.empty() && !train.eval_features.empty()),
              "train.eval_interval: ", train.eval_interval,
              " needs train.eval_stats and train.eval_features");
}

SampleOptions DiffusionConfig::preview_sample() const {
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

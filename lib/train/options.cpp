#include "train/options.h"

#include "core/errors.h"

namespace uvic {

void OptimizerOptions::validate() const {
  check_usage(betas.size() == 2, "optimizer.betas: must be two numbers, got ", betas.size());
}

void TrainOptions::validate() const {
  check_usage(batch_size % grad_accum == 0, "train.grad_accum: ", grad_accum,
              " must divide train.batch_size ", batch_size);
  check_usage(snapshot_interval == 0 || !ema_widths.empty(),
              "train.snapshot_interval: there are no train.ema_widths to take snapshots of");
}

}  // namespace uvic

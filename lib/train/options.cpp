#include "train/options.h"

#include "core/errors.h"

namespace uvic {

void OptimizerOptions::validate() const {
  check_all_read(*this, "optimizer");
  check_usage(betas.size() == 2, "optimizer.betas: must be two numbers, got ", betas.size());
}

void TrainOptions::validate() const {
  check_usage(batch_size % grad_accum == 0, "train.grad_accum: ", grad_accum,
              " must divide train.batch_size ", batch_size);
  check_usage(snapshot_interval == 0 || !ema_widths.empty(),
              "train.snapshot_interval: there are no train.ema_widths to take snapshots of");
}

void check_together(const TrainOptions& train, const OptimizerOptions& optimizer) {
  check_usage(!train.shard_optimizer || optimizer.kind != OptimizerKind::kMuon,
              "train.shard_optimizer: divides single numbers among the processes; optimizer.kind muon needs "
              "whole matrices");
}

}  // namespace uvic

#include "train/doubts.h"

#include <algorithm>
#include <cmath>

#include "train/optimizer.h"

namespace uvic {
namespace {

// An average of which more than this is what the run began with shows little of what was learnt.
constexpr double kMostInitialShare = 0.2;
// AdamW moves every weight by about the rate, Muon by a fifth of it, and weights are of the order of 0.02
// to 1.
constexpr double kLargeRate = 0.1;

// Of the weights that a run of `steps` begins with, in an average.
double initial_share(double decay, bool ramp, int64_t steps) {
  if (!ramp) return std::pow(decay, double(steps));
  double share = 1;
  for (int64_t step = 0; step < steps && share > 1e-3; ++step) share *= ema_decay(decay, ramp, step);
  return share;
}

// ", such as 0.99" for a decay that fits, if there is one.
std::string fitting_decay(int64_t steps) {
  for (const double decay : {0.9999, 0.999, 0.99, 0.9, 0.5}) {
    if (initial_share(decay, false, steps) < kMostInitialShare / 2) return " such as " + value_text(decay);
  }
  return "";
}

std::string doubt_of_average(const TrainOptions& train, Beginning beginning) {
  if (train.ema.empty()) return "";
  const double decay = *std::max_element(train.ema.begin(), train.ema.end());
  const bool ramp = train.ema_warmup == EmaWarmup::kRamp;
  const double share = initial_share(decay, ramp, train.steps);
  if (share <= kMostInitialShare) return "";
  const std::string what = c10::str("train.ema: after ", train.steps, " steps the average of decay ",
                                    value_text(decay), " is still ", std::lround(100 * share), " % the ");
  const std::string way_out =
      beginning == Beginning::kResumed
          ? "raise train.steps, or sample with --weights raw"
          : (ramp ? "set a smaller decay" : "set train.ema_warmup=ramp, or a smaller decay") +
                fitting_decay(train.steps);
  if (beginning == Beginning::kFromWeights)
    return what + "weights that it begins with, and samples and grids are made of it; " + way_out;
  return what + "initial weights, so that samples and grids, which are made of it, will be " +
         (share > 0.5 ? "noise; " : "noisy; ") + way_out;
}

}  // namespace

std::vector<std::string> doubts_of(const TrainOptions& train, const OptimizerOptions& optimizer,
                                   Beginning beginning) {
  const bool resumed = beginning == Beginning::kResumed;
  std::vector<std::string> doubts;
  if (auto doubt = doubt_of_average(train, beginning); !doubt.empty()) doubts.push_back(std::move(doubt));
  if (optimizer.warmup_steps > train.steps && optimizer.lr > 0)
    doubts.push_back(
        c10::str("optimizer.warmup_steps: a warm-up of ", optimizer.warmup_steps,
                 " steps is longer than the run of ", train.steps, ", so that the learning rate ends at ",
                 learning_rate(optimizer, train.steps - 1, train.steps), " of ", value_text(optimizer.lr),
                 "; ", resumed ? "raise train.steps" : "set it lower"));
  if (optimizer.lr >= kLargeRate && !resumed)
    doubts.push_back(c10::str("optimizer.lr: ", value_text(optimizer.lr), " is very large for ",
                              optimizer.kind == OptimizerKind::kMuon ? "Muon" : "AdamW",
                              ", under which training is likely to diverge; 2e-4 is usual"));
  return doubts;
}

}  // namespace uvic

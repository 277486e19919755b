#include "train/needs.h"

#include <c10/util/StringUtil.h>

#include <algorithm>

#include "core/text.h"
#include "train/checkpoint.h"

namespace uvic {

std::string describe_needs(const TrainOptions& train, int64_t parameters, int64_t moments,
                           double activation_bytes) {
  const size_t averages = train.ema.size() + train.ema_widths.size();
  const double weights = 4.0 * (double(parameters) * double(2 + averages) + double(moments));
  const double checkpoint = checkpoint_bytes(parameters, averages, moments);
  const int64_t kept = train.keep == 0 && train.checkpoint_interval > 0
                           ? train.steps / train.checkpoint_interval + 1
                           : std::max<int64_t>(train.keep, 1) + 1;
  std::string snapshots;
  if (const int64_t interval = train.snapshot_interval; interval > 0) {
    const double bytes = 2.0 * double(parameters) * double(train.ema_widths.size());
    const int64_t count = (train.steps + interval - 1) / interval;
    snapshots = c10::str("; ", count, " snapshots, ", format_bytes(bytes * double(count)));
  }
  return c10::str("memory: about ", format_bytes(weights + activation_bytes),
                  " (weights, gradients, moments, EMA ", format_bytes(weights), "; activations ",
                  format_bytes(activation_bytes), ")\ndisk: ", format_bytes(checkpoint),
                  " a checkpoint, at most ", format_bytes(checkpoint * double(kept)), " at a time",
                  snapshots);
}

}  // namespace uvic

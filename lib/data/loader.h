// Slices of batches prepared ahead in threads. What an example is depends on the seed and its position in the
// training stream alone, not on the number of threads or how the batch is sliced.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>

#include "core/prefetch.h"
#include "core/slice.h"
#include "data/dataset.h"
#include "data/order.h"

namespace uvic {

struct Batch {
  Slice slice;
  at::Tensor images;  ///< float32 [slice.count, C, H, W], x / 127.5 - 1 in [-1, 1]
  at::Tensor labels;  ///< int64 [slice.count]
};

class DataLoader {
 public:
  /// Prepares the slices of steps first_step, first_step + 1, ..., last_step - 1, in order.
  /// random_flip draws from (seed, RandomStream::kFlip, g), a random crop from kCrop. With on_error: skip the
  /// next image in the set stands in for one that cannot be decoded. At most `2 * workers + 2` slices wait
  /// ready.
  DataLoader(std::shared_ptr<const Dataset> dataset, const DataOptions& options, uint64_t seed,
             const SliceSequence& slices, int64_t first_step, int64_t last_step);

  /// The next slice. Rethrows what a worker threw for it. Must not be called past the last.
  Batch next();
  /// Seconds that `next` has spent waiting so far.
  double wait_seconds() const { return batches_.wait_seconds(); }
  /// Images found so far that cannot be decoded; each is named in a warning once.
  int64_t unreadable() const;

 private:
  Batch prepare(const Slice& slice) const;
  std::pair<int64_t, at::Tensor> read(int64_t g) const;
  bool known_unreadable(int64_t index) const;

  std::shared_ptr<const Dataset> dataset_;
  DataOrder order_;
  bool random_flip_, skip_unreadable_;
  uint64_t seed_;
  mutable std::mutex mutex_;  // of unreadable_
  mutable std::set<int64_t> unreadable_;
  Prefetch<Batch> batches_;  // last: its threads use the others
};

}  // namespace uvic

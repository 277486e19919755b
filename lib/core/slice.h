// Parts of the global batch: micro-batches, and the shares of several processes, are one mechanism.
#pragma once
#include <cstdint>

namespace uvic {

/// Examples first .. first + count - 1 of the `total` of a training step. What an example is, and every
/// number drawn for it, depends on its position in the whole training stream alone.
struct Slice {
  int64_t step = 0, first = 0, count = 0, total = 0;

  /// Of example i of the slice: step x total + first + i.
  int64_t position(int64_t i) const { return step * total + first + i; }
  friend bool operator==(const Slice&, const Slice&) = default;
};

/// The slices that a process works through, in order: its share of each step, first .. first + count - 1 of
/// `total`, in `rounds` equal micro-batches.
struct SliceSequence {
  int64_t total = 0, first = 0, count = 0, rounds = 1;

  /// Slice `index` of all, `rounds` of them a step.
  Slice operator[](int64_t index) const {
    const int64_t micro = count / rounds;
    return {index / rounds, first + index % rounds * micro, micro, total};
  }
};

/// All of every step's batch.
inline SliceSequence whole_batches(int64_t batch_size, int64_t rounds = 1) {
  return {batch_size, 0, batch_size, rounds};
}

}  // namespace uvic

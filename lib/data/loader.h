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
#include "text/caption_tokenizer.h"

namespace uvic {

struct Batch {
  Slice slice;
  /// float32 [slice.count, C, H, W]: pixels, x / 127.5 - 1 in [-1, 1]; of a set of latents a sample of each,
  /// drawn from (seed, RandomStream::kLatent, g), not normalised.
  at::Tensor images;
  at::Tensor labels;  ///< int64 [slice.count]
  /// Of captioned images: padded rows of token ids, int64 [slice.count, tokens], or states of a text encoder,
  /// float32 [slice.count, tokens, dim]. Undefined if captions are not asked for.
  at::Tensor context = {};
};

/// What to make of the captions of a set.
struct CaptionUse {
  bool wanted = false;
  std::shared_ptr<const CaptionTokenizer> tokenizer = nullptr;  ///< null: the states that the set keeps
};

class DataLoader {
 public:
  /// Prepares the slices of steps first_step, first_step + 1, ..., last_step - 1, in order.
  /// random_flip draws from (seed, RandomStream::kFlip, g), a random crop from kCrop. With on_error: skip the
  /// next image in the set stands in for one that cannot be decoded. Of an image's captions one is drawn from
  /// kCaption. At most `2 * workers + 2` slices wait
  /// ready.
  DataLoader(std::shared_ptr<const Dataset> dataset, const DataOptions& options, uint64_t seed,
             const SliceSequence& slices, int64_t first_step, int64_t last_step, CaptionUse captions = {});

  /// The next slice. Rethrows what a worker threw for it. Must not be called past the last.
  Batch next();
  /// Seconds that `next` has spent waiting so far.
  double wait_seconds() const { return batches_.wait_seconds(); }
  /// Images found so far that cannot be decoded; each is named in a warning once.
  int64_t unreadable() const;

 private:
  Batch prepare(const Slice& slice) const;
  int64_t read_pixels(int64_t g, float* to) const;
  int64_t read_latents(int64_t g, float* to) const;
  void read_captions(const std::vector<int64_t>& indexes, Batch& batch) const;
  bool flips(int64_t g) const;
  std::pair<int64_t, at::Tensor> read(int64_t g) const;
  bool known_unreadable(int64_t index) const;

  std::shared_ptr<const Dataset> dataset_;
  DataOrder order_;
  CaptionUse captions_;
  bool latents_, random_flip_, skip_unreadable_;
  uint64_t seed_;
  mutable std::mutex mutex_;  // of unreadable_
  mutable std::set<int64_t> unreadable_;
  Prefetch<Batch> batches_;  // last: its threads use the others
};

}  // namespace uvic

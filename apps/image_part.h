// One process's part of an image set that several go through.
#pragma once
#include "data/image_set.h"

namespace uvic {

/// Part `index` of `count` of an image set, a run of nearly equal length. `set` must outlive it.
class ImagePart : public ImageSet {
 public:
  ImagePart(ImageSet& set, int64_t count, int64_t index);
  int64_t size() const override { return end_ - first_; }
  ImageSize first_size() const override { return set_.first_size(); }
  std::vector<ImageRun> read(int64_t first, int64_t count) override;
  bool sequential() const override { return set_.sequential(); }
  std::string name(int64_t number) const override { return set_.name(number); }
  std::string describe() const override { return set_.describe(); }
  /// Of this part, as decoding failed.
  int64_t left_out_here() const { return set_.left_out() - before_; }

 private:
  ImageSet& set_;
  int64_t first_, end_;
  int64_t before_;         // left out by their headers, or ahead of this part
  bool at_first_ = false;  // of a set that is read front to back
};

}  // namespace uvic

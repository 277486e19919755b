// Images shared among processes for their features, and what comes of it at rank 0.
#pragma once
#include "data/image_set.h"
#include "dist/world.h"
#include "metrics/extract.h"

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

 private:
  ImageSet& set_;
  int64_t first_, end_;
  bool at_first_ = false;  // of a set that is read front to back
};

/// Takes the other ranks' images into rank 0's collector, in their order; returns the sum of `left_out`
/// there, and elsewhere anything.
int64_t collect_of_all(const World& world, FeatureCollector& collector, int64_t left_out);

}  // namespace uvic

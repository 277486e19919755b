// A captioned data set made up in memory.
#pragma once
#include <set>

#include "core/errors.h"
#include "data/dataset.h"
#include "support/support.h"

namespace uvic::testing {

/// Captions "a <class> number <i>" and, of every third image, "another".
class MadeSet : public Dataset, public Captions {
 public:
  explicit MadeSet(int64_t size, ImageShape shape = {3, 4, 6}) : size_(size), shape_(shape) {}

  std::set<int64_t> damaged, uncaptioned;  ///< images that cannot be decoded; without a caption
  bool captioned = true;

  int64_t size() const override { return size_; }
  ImageShape image_shape() const override { return shape_; }
  int64_t num_classes() const override { return 3; }
  std::vector<std::string> class_names() const override { return {"cat", "dog", "caf\u00E9"}; }
  at::Tensor image(int64_t index) const override {
    check_usage(!damaged.contains(index), name(index), ": cannot be decoded");
    at::Tensor image = at::empty(shape_, at::kByte);
    auto* out = image.mutable_data_ptr<uint8_t>();
    for (int64_t i = 0; i < image.numel(); ++i)
      out[i] = uint8_t(uint32_t(index * 977 + i + 1) * 2654435761U >> 24);
    return image;
  }
  int64_t label(int64_t index) const override { return index % 3; }
  std::string name(int64_t index) const override { return c10::str("a/", index, ".png"); }
  const Captions* captions() const override { return captioned ? this : nullptr; }
  std::string describe() const override { return c10::str(size_, " made-up images"); }
  DataIdentity identity() const override {
    return {size_, shape_, 3, class_names(), c10::str("made-up ", size_), images_per_class(*this)};
  }

  int64_t count(int64_t image) const override {
    return uncaptioned.contains(image) ? 0 : image % 3 == 0 ? 2 : 1;
  }
  std::string text(int64_t image, int64_t caption) const override {
    if (caption == 1) return "another";
    return c10::str("a ", class_names()[size_t(label(image))], " number ", image);
  }

 private:
  int64_t size_;
  ImageShape shape_;
};

}  // namespace uvic::testing

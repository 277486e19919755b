#include "data/dataset.h"

#include "io/digests.h"

namespace uvic {

DataIdentity Dataset::identity() const {
  Sha256 hash, labels;
  for (int64_t i = 0; i < size(); ++i) {
    const at::Tensor pixels = image(i).contiguous();
    const int64_t number = label(i);
    hash.add(&number, sizeof number);
    labels.add(&number, sizeof number);
    hash.add(pixels.const_data_ptr(), pixels.nbytes());
  }
  return {size(),
          image_shape(),
          num_classes(),
          {},
          hash.hex(),
          images_per_class(*this),
          {{"labels", labels.hex()}}};
}

at::Tensor Dataset::moments(int64_t /*index*/, bool /*mirrored*/) const {
  TORCH_CHECK(false, "these images are not kept as latents");
}

std::vector<int64_t> images_per_class(const Dataset& dataset) {
  std::vector<int64_t> counts(size_t(dataset.num_classes()));
  if (counts.empty()) return counts;
  for (int64_t i = 0; i < dataset.size(); ++i) ++counts.at(size_t(dataset.label(i)));
  return counts;
}

}  // namespace uvic

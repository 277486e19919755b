#include "data/dataset.h"

#include "core/errors.h"
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

bool mirrors(const DataOptions& options, const Dataset& dataset) {
  const bool wanted = options.flips_by_data() ? dataset.mirror_by_default() : options.flips();
  check_usage(!wanted || !dataset.latents() || dataset.keeps_mirrored(),
              "data.random_flip is true, but no latents of mirrored images are kept: ", dataset.describe(),
              ". Pack with --mirrored, or set data.random_flip=false");
  return wanted;
}

std::vector<int64_t> images_per_class(const Dataset& dataset) {
  std::vector<int64_t> counts(size_t(dataset.num_classes()));
  if (counts.empty()) return counts;
  for (int64_t i = 0; i < dataset.size(); ++i) ++counts.at(size_t(dataset.label(i)));
  return counts;
}

}  // namespace uvic

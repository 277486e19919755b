#include "data/dataset.h"

#include "io/digests.h"

namespace uvic {

DataIdentity Dataset::identity() const {
  Sha256 hash;
  for (int64_t i = 0; i < size(); ++i) {
    const at::Tensor pixels = image(i).contiguous();
    const int64_t number = label(i);
    hash.add(&number, sizeof number);
    hash.add(pixels.const_data_ptr(), pixels.nbytes());
  }
  return {size(), image_shape(), num_classes(), {}, hash.hex()};
}

}  // namespace uvic

#include "image_part.h"

#include <algorithm>

namespace uvic {

ImagePart::ImagePart(ImageSet& set, int64_t count, int64_t index)
    : set_(set),
      first_(set.size() * index / count),
      end_(set.size() * (index + 1) / count),
      before_(set.left_out()) {}

std::vector<ImageRun> ImagePart::read(int64_t first, int64_t count) {
  constexpr int64_t kSkipped = 256;
  if (sequential() && !at_first_) {
    for (int64_t i = 0; i < first_; i += kSkipped) set_.read(i, std::min(kSkipped, first_ - i));
    before_ = set_.left_out();
    at_first_ = true;
  }
  return set_.read(first_ + first, count);
}

}  // namespace uvic

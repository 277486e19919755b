#include "data/listed_captions.h"

#include <c10/util/Exception.h>

#include "io/digests.h"

namespace uvic {

void ListedCaptions::add(const std::vector<std::string>& texts) {
  TORCH_CHECK(!texts.empty(), "an image has at least one caption");
  for (const std::string& text : texts) {
    bytes_ += text;
    begin_.push_back(bytes_.size());
  }
  first_.push_back(begin_.size() - 1);
}

std::string_view ListedCaptions::at(size_t caption) const {
  return std::string_view(bytes_).substr(begin_.at(caption), begin_.at(caption + 1) - begin_[caption]);
}

int64_t ListedCaptions::empty() const {
  int64_t empty = 0;
  for (size_t i = 0; i + 1 < begin_.size(); ++i) empty += begin_[i] == begin_[i + 1] ? 1 : 0;
  return empty;
}

int64_t ListedCaptions::count(int64_t image) const {
  const auto i = size_t(image);
  return int64_t(first_.at(i + 1) - first_[i]);
}

std::string ListedCaptions::text(int64_t image, int64_t caption) const {
  TORCH_CHECK_INDEX(caption >= 0 && caption < count(image), "image ", image, " has no caption ", caption);
  return std::string(at(first_[size_t(image)] + size_t(caption)));
}

ListedCaptions ListedCaptions::of(const std::vector<size_t>& images) const {
  ListedCaptions some;
  for (const size_t image : images) {
    for (size_t i = first_.at(image); i < first_.at(image + 1); ++i) {
      some.bytes_ += at(i);
      some.begin_.push_back(some.bytes_.size());
    }
    some.first_.push_back(some.begin_.size() - 1);
  }
  return some;
}

std::string ListedCaptions::sha256() const {
  Sha256 hash;
  hash.add(bytes_);
  hash.add(begin_.data(), begin_.size() * sizeof begin_[0]);
  hash.add(first_.data(), first_.size() * sizeof first_[0]);
  return hash.hex();
}

}  // namespace uvic

// Captions as text, in memory.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/captions.h"

namespace uvic {

class ListedCaptions : public Captions {
 public:
  /// Those of the next image: at least one.
  void add(const std::vector<std::string>& texts);
  int64_t images() const { return int64_t(first_.size()) - 1; }
  /// Of all images, and how many of them are empty.
  int64_t total() const { return int64_t(begin_.size()) - 1; }
  int64_t empty() const;
  /// Those of the images with these numbers alone.
  ListedCaptions of(const std::vector<size_t>& images) const;
  /// Over all of them, in their order.
  std::string sha256() const;

  int64_t count(int64_t image) const override;
  std::string text(int64_t image, int64_t caption) const override;

 private:
  std::string_view at(size_t caption) const;
  std::string bytes_;                // one after another
  std::vector<size_t> begin_ = {0};  // of a caption in bytes_, and the end
  std::vector<size_t> first_ = {0};  // the first caption of an image, and the end
};

}  // namespace uvic

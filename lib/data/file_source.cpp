#include "data/file_source.h"

#include <algorithm>

#include "io/content_kind.h"

namespace uvic {

size_t FileSource::place_of(const std::string& file) const {
  const auto found = std::lower_bound(files_.begin(), files_.end(), file);
  return found == files_.end() || *found != file ? files_.size() : size_t(found - files_.begin());
}

bool FileSource::holds(const std::string& file) const {
  return place_of(file) < files_.size();
}

std::string FileSource::text(const std::string& file) const {
  const auto bytes = read(file).bytes;
  std::string text(bytes.begin(), bytes.end());
  refuse_lfs_pointer(text, full_name(file));
  return text;
}

}  // namespace uvic

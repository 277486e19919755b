#include "data/coco.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {

namespace fs = std::filesystem;

fs::path coco_images(const fs::path& path, bool held_out) {
  std::error_code error;
  check_usage(fs::is_directory(path, error), path.string(), ": no such folder");
  const fs::path annotations = path / "annotations";
  if (!fs::is_directory(annotations, error)) {
    const fs::path beside =
        fs::absolute(path / "").lexically_normal().parent_path().parent_path() / "annotations";
    check_usage(
        fs::is_directory(beside, error), path.string(),
        ": neither holds annotations/, as COCO's folder, nor lies beside it, as its folders of images");
    return path;
  }
  const std::string part = held_out ? "val" : "train", begin = "captions_" + part, end = ".json";
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(annotations, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(begin) || !name.ends_with(end)) continue;
    const std::string folder = part + name.substr(begin.size(), name.size() - begin.size() - end.size());
    if (fs::is_directory(path / folder, error)) found.push_back(folder);
  }
  check_usage(!found.empty(), path.string(), ": has no annotations/", begin, "2017.json with its folder ",
              part, "2017 (or of another year)");
  std::sort(found.begin(), found.end());
  check_usage(found.size() == 1, path.string(), ": holds ", join(found, " and "), "; ",
              held_out ? "data.val_path" : "data.path", " says which: ", (path / found[0]).string());
  return path / found[0];
}

}  // namespace uvic

#include "data/find_kind.h"

#include <filesystem>

#include "core/errors.h"
#include "data/dataset_images.h"
#include "data/listing.h"
#include "data/pack/format.h"
#include "io/content_kind.h"
#include "io/read_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

/// Files of this folder that end so, and whether there are other entries but the system's.
struct Endings {
  bool tars = false, shards = false, others = false;
};

Endings endings_in(const fs::path& folder) {
  Endings found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (is_of_the_system(entry.path().filename().string())) continue;
    const std::string ending = ending_of(entry.path());
    (ending == "tar" ? found.tars : ending == "safetensors" ? found.shards : found.others) = true;
  }
  return found;
}

DataKind kind_of_folder(const fs::path& folder) {
  if (const auto kind = kind_of_data(folder)) return *kind;
  const Endings endings = endings_in(folder);
  if (endings.shards) return DataKind::kLatents;
  if (endings.tars && !endings.others) return DataKind::kWebdataset;
  return fs::is_directory(folder / "annotations") ? DataKind::kCoco : DataKind::kFolder;
}

}  // namespace

DataKind find_kind(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return kind_of_folder(path);
  if (!fs::exists(path, ignored)) {
    check_usage(path.find('{') != std::string::npos, path, ": no such file or folder");
    return DataKind::kWebdataset;
  }
  const auto [bytes, size] = read_file(path, kContentBytes);
  const std::string_view start(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const std::string ending = ending_of(path);
  if (start.starts_with(kPackMagic)) return DataKind::kPack;
  if (ending == "zip") return DataKind::kZip;
  if (ending == "tar") return DataKind::kWebdataset;
  if (ending == "safetensors") return DataKind::kLatents;
  refuse_content(start, size, path, "a data set (a folder, a .zip, .tar or a pack)");
}

}  // namespace uvic

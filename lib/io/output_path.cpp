#include "io/output_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

std::string named(const std::string& option, const fs::path& path) {
  return (option.empty() ? "" : option + " ") + path.string() + ": ";
}

// As the system finds it with what a writer puts behind the name until the file is finished.
void check_name(const std::string& name, const fs::path& path) {
  struct stat status {};
  const std::string longest = path.string() + ".tmp-0000000";
  check_usage(lstat(longest.c_str(), &status) == 0 || errno != ENAMETOOLONG, name, "the name is too long");
}

void check_access(const std::string& name, const fs::path& folder) {
  const int error = access(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
  check_usage(error == 0, name, "cannot write in ", folder.string(), ": ", std::strerror(error));
}

}  // namespace

std::string extension_of(const fs::path& path) {
  return lower_case(path.extension().string());
}

bool names_a_file(const fs::path& path) {
  static const std::set<std::string> endings = {
      ".7z",  ".avi",         ".bmp",    ".bz2",      ".ckpt",      ".csv",   ".gif",     ".gz",
      ".h5",  ".hdf5",        ".jpeg",   ".jpg",      ".json",      ".jsonl", ".lmdb",    ".mat",
      ".mdb", ".mp4",         ".npy",    ".npz",      ".onnx",      ".pbm",   ".parquet", ".pdf",
      ".pfm", ".pgm",         ".pickle", ".pkl",      ".png",       ".ppm",   ".pt",      ".pth",
      ".rar", ".safetensors", ".tar",    ".tfrecord", ".tfrecords", ".tgz",   ".tif",     ".tiff",
      ".txt", ".webp",        ".xz",     ".yaml",     ".yml",       ".zip",   ".zst"};
  return endings.contains(extension_of(path));
}

void check_output_file(const std::string& option, const fs::path& path,
                       const std::vector<std::string>& endings) {
  const std::string name = named(option, path);
  const bool fits =
      endings.empty() || std::find(endings.begin(), endings.end(), extension_of(path)) != endings.end();
  check_usage(fits, name, "must end in ", join(endings, " or "), ", which is what can be written here");
  check_name(name, path);
  std::error_code absent;
  check_usage(!fs::is_directory(path, absent), name, "is a folder");
  const fs::path parent = fs::absolute(path).parent_path();
  check_usage(fs::is_directory(parent, absent), name, "there is no folder ", parent.string());
  check_access(name, parent);
}

void check_output_folder(const std::string& option, const fs::path& path) {
  const std::string name = named(option, path);
  check_name(name, path);
  std::error_code absent;
  fs::path existing = fs::absolute(path);
  while (!fs::exists(existing, absent) && existing.has_relative_path()) existing = existing.parent_path();
  const bool there = fs::is_directory(path, absent);
  check_usage(there || !names_a_file(path), name, "ends as a file does (", extension_of(path),
              "), but what is written is a folder");
  check_usage(fs::is_directory(existing, absent), name, existing.string(), " is not a folder");
  check_access(name, existing);
}

}  // namespace uvic

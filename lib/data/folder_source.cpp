#include <sys/stat.h>

#include <algorithm>
#include <set>

#include "core/errors.h"
#include "data/file_source.h"
#include "data/listing.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

class FolderSource : public FileSource {
 public:
  explicit FolderSource(const fs::path& root) : FileSource(root.string()), root_(root) {
    std::error_code ignored;
    check_usage(fs::exists(root, ignored), name(), ": no such folder");
    const std::string ending = ending_of(root);
    check_usage(fs::is_directory(root, ignored), name(), ": not a folder",
                ending == "zip"   ? "; data.kind: zip reads a ZIP archive of images"
                : ending == "tar" ? "; data.kind: webdataset reads tars of images"
                                  : "");
    enter(root);
    std::sort(files_.begin(), files_.end());
  }
  const char* kind() const override { return "folder"; }
  bool is_archive() const override { return false; }
  std::string full_name(const std::string& file) const override { return path_of(file).string(); }
  Stamp stamp(const std::string& file) const override {
    struct stat status {};
    if (::stat(path_of(file).c_str(), &status) != 0) return {};
    constexpr int64_t kNanoseconds = 1'000'000'000;
    return {status.st_size, status.st_mtim.tv_sec * kNanoseconds + status.st_mtim.tv_nsec};
  }
  FileBytes read(const std::string& file, int64_t most) const override {
    return read_file(path_of(file), most);
  }
  std::vector<uint8_t> read_last(const std::string& file, int64_t most) const override {
    return uvic::read_last(path_of(file), most);
  }
  fs::path path_of(const std::string& file) const override { return root_ / file; }

 private:
  // By hand, not recursive_directory_iterator, which follows a link to a folder above it for ever.
  void enter(const fs::path& folder) {
    if (!seen_.insert(fs::canonical(folder)).second) return;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const fs::path& path = entry.path();
      if (is_of_the_system(path.filename().string())) {
        ++hidden_;
      } else if (entry.is_directory()) {
        if (folder == root_) folders_.push_back(path.filename().string());
        enter(path);
      } else {
        files_.push_back(path.lexically_relative(root_).generic_string());
      }
    }
    check_usage(!error, folder.string(), ": cannot list this folder: ", error.message());
  }
  fs::path root_;
  std::set<fs::path> seen_;
};

}  // namespace

std::shared_ptr<const FileSource> open_folder_source(const fs::path& root) {
  return std::make_shared<FolderSource>(root);
}

}  // namespace uvic

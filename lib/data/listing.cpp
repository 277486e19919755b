#include "data/listing.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/errors.h"
#include "core/text.h"
#include "data/class_folders.h"
#include "data/label_files.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kEndings = {"png", "jpg",  "jpeg", "jpe", "jfif", "bmp", "webp",
                                           "tif", "tiff", "ppm",  "pgm", "pbm",  "pnm", "pfm"};
constexpr std::array kLabelFiles = {"dataset.json", "labels.csv"};

class Walk {
 public:
  Walk(fs::path root, ImageListing& listing) : root_(std::move(root)), listing_(listing) { enter(root_); }

 private:
  // By hand, not recursive_directory_iterator, which follows a link to a folder above it for ever.
  void enter(const fs::path& folder) {
    if (!seen_.insert(fs::canonical(folder)).second) return;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const fs::path& path = entry.path();
      if (is_of_the_system(path.filename().string())) {
        ++listing_.others["hidden"];
      } else if (entry.is_directory()) {
        if (folder == root_) listing_.folders.push_back(path.filename().string());
        enter(path);
      } else {
        add(path);
      }
    }
    check_usage(!error, folder.string(), ": cannot list this folder: ", error.message());
  }
  void add(const fs::path& path) {
    const std::string name = path.lexically_relative(root_).generic_string(), ending = ending_of(path);
    if (is_image_name(path)) {
      listing_.files.push_back(name);
    } else if (std::find(kLabelFiles.begin(), kLabelFiles.end(), name) == kLabelFiles.end()) {
      ++listing_.others[ending];
    }
  }
  fs::path root_;
  ImageListing& listing_;
  std::set<fs::path> seen_;
};

}  // namespace

bool is_of_the_system(const std::string& name) {
  return name.starts_with('.') || name == "__MACOSX" || name == "@eaDir" || name == "lost+found";
}

std::string image_endings() {
  return join(kEndings, ", ");
}

std::string ending_of(const fs::path& file) {
  const std::string ending = lower_case(file.extension().string());
  return ending.empty() ? "no extension" : ending.substr(1);
}

bool is_image_name(const fs::path& file) {
  return std::find(kEndings.begin(), kEndings.end(), ending_of(file)) != kEndings.end();
}

ImageListing list_image_files(const fs::path& root) {
  std::error_code ignored;
  check_usage(fs::exists(root, ignored), root.string(), ": no such folder");
  check_usage(fs::is_directory(root, ignored), root.string(), ": not a folder");
  ImageListing listing;
  const Walk walk(root, listing);
  std::sort(listing.files.begin(), listing.files.end());
  check_usage(!listing.files.empty(), root.string(), ": no images here or below (", image_endings(), ")");
  return listing;
}

ImageListing list_images(const fs::path& root) {
  ImageListing listing = list_image_files(root);
  const fs::path json = root / kLabelFiles[0], csv = root / kLabelFiles[1];
  check_usage(!fs::exists(json) || !fs::exists(csv), root.string(), ": holds both ", kLabelFiles[0], " and ",
              kLabelFiles[1], "; keep one");
  if (fs::exists(json)) {
    read_label_json(json, listing);
    listing.labels_from = listing.labels.empty() ? "dataset.json says there are none" : kLabelFiles[0];
  } else if (fs::exists(csv)) {
    read_label_csv(csv, listing);
    listing.labels_from = kLabelFiles[1];
  } else {
    label_by_folder(root, listing);
  }
  return listing;
}

}  // namespace uvic

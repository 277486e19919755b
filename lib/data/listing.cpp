#include "data/listing.h"

#include <algorithm>
#include <array>

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

ImageListing list_image_files(const FileSource& source) {
  ImageListing listing;
  for (const std::string& file : source.files()) {
    if (is_image_name(file)) {
      listing.files.push_back(file);
    } else if (std::find(kLabelFiles.begin(), kLabelFiles.end(), file) == kLabelFiles.end()) {
      ++listing.others[ending_of(file)];
    }
  }
  if (source.hidden() > 0) listing.others["hidden"] = source.hidden();
  check_usage(!listing.files.empty(), source.name(), ": no images ",
              source.is_archive() ? "in it" : "here or below", " (", image_endings(), ")");
  return listing;
}

ImageListing list_images(const FileSource& source) {
  ImageListing listing = list_image_files(source);
  const std::string json = kLabelFiles[0], csv = kLabelFiles[1];
  check_usage(!source.holds(json) || !source.holds(csv), source.name(), ": holds both ", json, " and ", csv,
              "; keep one");
  if (source.holds(json)) {
    read_label_json(source, json, listing);
    listing.labels_from = listing.labels.empty() ? "dataset.json says there are none" : json;
  } else if (source.holds(csv)) {
    read_label_csv(source, csv, listing);
    listing.labels_from = csv;
  } else {
    label_by_folder(source, listing);
  }
  return listing;
}

}  // namespace uvic

// Which images a folder holds, and their classes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "data/file_source.h"

namespace uvic {

struct ImageListing {
  std::vector<std::string> files;        ///< of the source: with '/', sorted bytewise
  std::vector<int64_t> labels;           ///< one a file; empty: no classes
  int64_t num_classes = 0;               ///< labels are 0 .. num_classes - 1
  std::vector<std::string> class_names;  ///< empty if the labels are numbers already
  std::string labels_from;  ///< "class folders", "labels.csv", "dataset.json", or why there are none
  std::map<std::string, int64_t> others;  ///< files passed over, by kind: "txt", "hidden", "no extension"
  std::vector<std::string> warnings;      ///< what is likely a mistake, a line each
};

/// Lists the images of a folder or an archive, by their names' endings. Labels come from, in
/// this order: `dataset.json` (EDM's: {"labels": [["a/b.png", 3], ...]}, null for none); `labels.csv`, a line
/// `file,label` an image, with or without a line of titles; the first sub-directory of each image. Labels
/// that are all numbers are kept; names are numbered in natural order (natural_less). Names of files and
/// classes are compared in Unicode's normal form C. UsageError: no images, an image without a label or a
/// label without its image, or a malformed label file (with its line).
ImageListing list_images(const FileSource& source);

/// The files alone, without classes: only `files` and `others` are filled.
ImageListing list_image_files(const FileSource& source);

/// Whether a file or folder of that name is what systems put beside people's files: hidden ones, and the
/// folders of macOS in archives and of a NAS.
bool is_of_the_system(const std::string& name);

/// "png, jpg, ...": the endings that count as images.
std::string image_endings();

/// "png" of "a/b.PNG"; "no extension".
std::string ending_of(const std::filesystem::path& file);

/// Whether a file of that name counts as an image.
bool is_image_name(const std::filesystem::path& file);

}  // namespace uvic

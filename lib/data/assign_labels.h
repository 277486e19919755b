// From what a label file says of files to the classes of the images that are there.
#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "data/listing.h"

namespace uvic {

struct LabelEntry {
  std::string label, where;  ///< where: "labels.csv:3", for messages
};
/// By the name of the file, normalised.
using LabelEntries = std::map<std::string, LabelEntry>;

/// UsageError for a file that has a label already.
void add_label(LabelEntries& entries, std::string file, const std::string& label, const std::string& where);

/// Fills labels, num_classes and class_names of `listing`: all labels are whole numbers ("1", "1.0") and are
/// kept, or they are names and are numbered in natural order. `source`: the label file. UsageError: an image
/// without a label, a label without its image (and which is likely meant), a number that is no class.
void assign_labels(const LabelEntries& entries, const std::filesystem::path& source, ImageListing& listing);

}  // namespace uvic

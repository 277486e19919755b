// From what a label file says of files to the classes of the images that are there.
#pragma once
#include <string>

#include "data/match_files.h"

namespace uvic {

using LabelEntry = FileEntry<std::string>;
using LabelEntries = FileEntries<std::string>;

/// UsageError for a file that has a label already.
void add_label(LabelEntries& entries, const std::string& file, const std::string& label,
               const std::string& where);

/// Fills labels, num_classes and class_names of `listing`: all labels are whole numbers ("1", "1.0") and are
/// kept, or they are names and are numbered in natural order. `from`: the file of `source` with the labels.
/// UsageError: an image without a label, a label without its image (and which is likely meant), a number that
/// is no class.
void assign_labels(const LabelEntries& entries, const FileSource& source, const std::string& from,
                   ImageListing& listing);

}  // namespace uvic

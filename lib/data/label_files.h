// The two files that may say which class each image of a folder is of.
#pragma once
#include <string>

#include "data/listing.h"

namespace uvic {

/// Fill labels, num_classes and class_names of `listing` from a file of `source`. See list_images.
void read_label_csv(const FileSource& source, const std::string& file, ImageListing& listing);
void read_label_json(const FileSource& source, const std::string& file, ImageListing& listing);

}  // namespace uvic

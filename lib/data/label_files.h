// The two files that may say which class each image of a folder is of.
#pragma once
#include <filesystem>

#include "data/listing.h"

namespace uvic {

/// Fill labels, num_classes and class_names of `listing` from the file. See list_images.
void read_label_csv(const std::filesystem::path& file, ImageListing& listing);
void read_label_json(const std::filesystem::path& file, ImageListing& listing);

}  // namespace uvic

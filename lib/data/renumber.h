#pragma once
#include <filesystem>

#include "data/dataset.h"
#include "data/listing.h"

namespace uvic {

/// Gives the held-out images `listing` of `folder` the class numbers of the training images, by name. Numbers
/// stay as they are, but where the training classes are names that look like numbers ("1", "2", "3") and
/// every number is one of them. UsageError names a class that the training images do not have.
void number_as_training(const std::filesystem::path& folder, const Dataset& training, ImageListing& listing);

}  // namespace uvic

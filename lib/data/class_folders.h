// Classes that are the folders which images lie in.
#pragma once
#include "data/listing.h"

namespace uvic {

/// Fills labels, num_classes and class_names of `listing` from the first sub-directories of its files, in
/// natural order, or says in labels_from why there are no classes. Warnings: folders without images, and
/// folders that look like the parts of a data set rather than like classes (train, val, images).
void label_by_folder(const FileSource& source, ImageListing& listing);

}  // namespace uvic

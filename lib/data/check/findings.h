// From looks at single images to what is to be said of a set.
#pragma once
#include <string>
#include <vector>

#include "data/check/look.h"
#include "data/check/report.h"

namespace uvic {

/// Images that cannot be read. `stored`: the set is in memory or a pack, where data.on_error changes nothing.
void add_unreadable(const std::vector<ImageLook>& looks, bool stored, CheckReport& report);

/// The formats and sizes as facts; images far from the others: of more than 16 times or less than a sixteenth
/// of the median's pixels, or one side more than 3 times the other; and those that are smaller than
/// `image_size` squared (0: nobody asks).
void add_sizes(const std::vector<ImageLook>& looks, int64_t image_size, CheckReport& report);

/// Grey images among others, and transparent ones.
void add_colours(const std::vector<ImageLook>& looks, CheckReport& report);

/// Groups of images with equal pixels; those of different classes apart. `labels`: one an image, or empty.
void add_duplicates(const std::vector<ImageLook>& looks, const std::vector<int64_t>& labels,
                    CheckReport& report);

/// Images of each class; classes of less than a tenth of the median, and those without images.
void add_classes(const std::vector<int64_t>& labels, int64_t num_classes,
                 const std::vector<std::string>& names, const std::string& from, CheckReport& report);

/// `captions` of `images` images, `empty` of them empty.
void add_captions(int64_t captions, int64_t empty, const std::vector<std::string>& which_empty,
                  int64_t images, const std::string& from, CheckReport& report);

}  // namespace uvic

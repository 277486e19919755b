// Looking at every image of a set.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/file_source.h"

namespace uvic {

struct ImageLook {
  std::string name;               ///< in its set: "a/3.png"; of a set without names its number
  std::string problem;            ///< why it cannot be read; empty: it can
  std::string format;             ///< "PNG"; empty where images are no files
  int64_t width = 0, height = 0;  ///< turned as its orientation says
  bool grey = false;              ///< red, green and blue are the same everywhere
  bool transparent = false;       ///< something shows through it
  /// Equal for images of equal pixels, whatever the format; empty where they were not read.
  std::string pixels;
};

/// Decodes all of `files` in threads. `progress` is told how many are done.
std::vector<ImageLook> look_at_files(const FileSource& source, const std::vector<std::string>& files,
                                     int64_t max_pixels, int64_t workers,
                                     const std::function<void(int64_t)>& progress);

/// Reads all images, or the moments of latents, of a set whose images are of one size.
std::vector<ImageLook> look_at_dataset(const Dataset& dataset, int64_t workers,
                                       const std::function<void(int64_t)>& progress);

}  // namespace uvic

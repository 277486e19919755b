// A folder of image files of any sizes.
#pragma once
#include <filesystem>
#include <memory>

#include "data/dataset.h"

namespace uvic {

/// The images below `path`, each prepared to `shape` when it is asked for. Reads every header first:
/// UsageError names each file that is no image (or it is left out, with a warning, if options.on_error is
/// skip); `memory` as read_image_headers has it. Says what was passed over and how many images are smaller
/// than `shape`.
std::shared_ptr<const Dataset> open_folder(const std::string& path, const DataOptions& options,
                                           const ImageShape& shape, const std::filesystem::path& memory = {});

}  // namespace uvic

// A pack as a data set.
#pragma once
#include <filesystem>
#include <memory>

#include "data/dataset.h"

namespace uvic {

/// Opens a pack of pack_images (data/pack/write.h) without reading its records. Images are memory of the
/// file: not to be written to. `training`: the pack is held out, and its classes have the numbers that they
/// have there, by name; UsageError if what the two hold does not go together. UsageError as PackFile.
std::shared_ptr<const Dataset> open_pack(const std::filesystem::path& path,
                                         const Dataset* training = nullptr);

}  // namespace uvic

// The data sets of a run.
#pragma once
#include <filesystem>

#include "data/dataset.h"

namespace uvic {

/// Opens and checks the sets that `options` name. Images in a folder are prepared to `shape`; other kinds
/// have their own. UsageError names the file and what is wrong with it. `memory`: a folder, the run's, where
/// the headers of image files are remembered (read_image_headers) in `.image-headers.jsonl` and, of
/// data.val_path, in `.image-headers-val.jsonl`.
DataSets open_data(const DataOptions& options, const ImageShape& shape,
                   const std::filesystem::path& memory = {});

}  // namespace uvic

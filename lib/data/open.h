// The data sets of a run.
#pragma once
#include <filesystem>

#include "data/bad_files.h"
#include "data/dataset.h"

namespace uvic {

/// Opens and checks the sets that `options` name. Images in a folder are prepared to `shape`; other kinds
/// have their own. UsageError names the file and what is wrong with it. The classes of a data.val_path have
/// the numbers that they have in data.path, unless `with_classes` is false: then nobody asks for them.
/// Captions are found and read unless `with_captions` is false; a file that data.captions names is that of
/// data.path alone, those of a data.val_path are found as by auto.
/// `memory`: a folder, the run's, where the headers of image files are remembered (read_image_headers) in
/// `.image-headers.jsonl` and, of data.val_path, in `.image-headers-val.jsonl`.
DataSets open_data(const DataOptions& options, const ImageShape& shape,
                   const std::filesystem::path& memory = {}, bool with_classes = true,
                   bool with_captions = true);
/// The same; what cannot be read is told of by `bad`.
DataSets open_data(const DataOptions& options, const ImageShape& shape, const std::filesystem::path& memory,
                   BadFiles& bad, bool with_classes = true, bool with_captions = true);

}  // namespace uvic

// A folder or an archive of image files of any sizes.
#pragma once
#include <filesystem>
#include <memory>

#include "data/bad_files.h"
#include "data/dataset.h"
#include "data/file_source.h"

namespace uvic {

/// Where the files of such a set are. `held_out`: of coco the images that it holds out.
std::shared_ptr<const FileSource> open_source(const std::string& path, DataKind kind, bool held_out = false);

/// The images of `source`, each prepared to `shape` when it is asked for, with their classes and captions as
/// options.kind has them. Reads every header first, and adds the files that are no images to `bad`; `memory`
/// as read_image_headers has it. Says what was passed over and how many images are smaller than `shape`, and
/// warns of what is likely a mistake (ImageListing::warnings). `training`: the images are held out, and their
/// classes have the numbers that they have there (number_as_training). UsageError also if no image can be
/// read.
std::shared_ptr<const Dataset> open_files(std::shared_ptr<const FileSource> source,
                                          const DataOptions& options, const ImageShape& shape,
                                          const std::filesystem::path& memory, BadFiles& bad,
                                          const Dataset* training = nullptr);

/// The same of the folder `path` where there is no other set: files that are no images are a UsageError, or
/// left out with a warning if options.on_error is skip.
std::shared_ptr<const Dataset> open_folder(const std::string& path, const DataOptions& options,
                                           const ImageShape& shape);

}  // namespace uvic

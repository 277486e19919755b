// The idx format of the MNIST family (http://yann.lecun.com/exdb/mnist): magic, big-endian sizes, bytes.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>

#include "data/dataset.h"

namespace uvic {

/// One idx file of unsigned bytes, gzip-compressed or not (by content). Returns uint8 of the file's own
/// shape. UsageError names the file: not idx, another element type, rank not 1 to 4, over 8 GiB, truncated,
/// damaged, or with bytes left over.
at::Tensor read_idx(const std::filesystem::path& path);

/// The training images of `directory`, or `held_out` its test images, see find_idx_files. The classes are 0
/// .. the largest label, whether or not each occurs. UsageError: the folder or a file is missing, no images,
/// counts that disagree, or what read_idx refuses.
std::shared_ptr<const Dataset> open_idx(const std::filesystem::path& directory, bool held_out = false);

/// Whether `directory` holds such training images.
bool holds_idx(const std::filesystem::path& directory);

}  // namespace uvic

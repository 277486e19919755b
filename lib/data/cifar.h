// CIFAR-10 and CIFAR-100, the binary version (https://www.cs.toronto.edu/~kriz/cifar.html).
#pragma once
#include <filesystem>
#include <memory>

#include "data/dataset.h"

namespace uvic {

enum class CifarKind { kCifar10, kCifar100 };

/// `directory` holds data_batch_1.bin .. data_batch_5.bin (CIFAR-10) or train.bin (CIFAR-100), or `held_out`,
/// test_batch.bin or test.bin; or a folder of the archive's name that does (`cifar-10-batches-bin`,
/// `cifar-100-binary`). Images are 3x32x32; CIFAR-100's labels are the fine ones. The classes' names are
/// those of `batches.meta.txt` or `fine_label_names.txt`, where it is there. UsageError: a file is missing
/// (and what is there instead: the Python version, an archive), not a whole number of records, or has a label
/// out of range.
std::shared_ptr<const Dataset> open_cifar(const std::filesystem::path& directory, CifarKind kind,
                                          bool held_out = false);

/// Whether `directory` holds the first training file of that set, a whole number of its records.
bool holds_cifar(const std::filesystem::path& directory, CifarKind kind);

}  // namespace uvic

#pragma once
#include <string>

#include "data/options.h"

namespace uvic {

/// Of which kind the data set at `path` is, by what is there: idx, cifar10, cifar100, coco, a folder of tars,
/// of shards of latents or else of images; a file by what it begins with or, an archive, by its ending.
/// UsageError if there is nothing, or a file of no such kind.
DataKind find_kind(const std::string& path);

}  // namespace uvic

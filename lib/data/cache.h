// Prepared images kept in memory.
#pragma once
#include <memory>

#include "data/dataset.h"

namespace uvic {

/// `dataset` behind a cache that keeps each image once it has been prepared, if `options.cache` is always, or
/// auto and all of them take, with the `taken_bytes` of another cache that is still to fill, at most half of
/// `available_bytes`. Its describe() says which. Random crops differ each time and are never kept.
std::shared_ptr<const Dataset> with_cache(std::shared_ptr<const Dataset> dataset, const DataOptions& options,
                                          double available_bytes, double taken_bytes = 0);

/// The same for the two sets of a run, which share that half; the training images come first.
DataSets with_caches(DataSets data, const DataOptions& options, double available_bytes);

/// Memory that this process may still take: the system's, or what its control group leaves.
double available_memory();

}  // namespace uvic

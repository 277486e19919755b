// Holding out a share of a data set.
#pragma once
#include <memory>

#include "data/dataset.h"

namespace uvic {

/// `dataset` cut in two: round(fraction * size) images, at least one, are held out. Which ones depends on
/// fraction and size alone. UsageError if none is left for training.
DataSets split(std::shared_ptr<const Dataset> dataset, double fraction);

}  // namespace uvic

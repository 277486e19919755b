#pragma once
#include "data/dataset.h"
#include "tasks/diffusion/config.h"

namespace uvic {

/// Checks that a data set suits a model: image shape, labels against num_classes. UsageError names the keys.
void check_dataset(const Dataset& dataset, const DiffusionConfig& config);
void check_data(const DataSets& data, const DiffusionConfig& config);

}  // namespace uvic

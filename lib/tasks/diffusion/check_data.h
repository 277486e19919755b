#pragma once
#include "data/dataset.h"
#include "tasks/diffusion/config.h"

namespace uvic {

/// Checks that a data set suits a model: image shape (`pictures`: of images that are not latents), labels
/// against num_classes. UsageError names the keys.
void check_dataset(const Dataset& dataset, const DiffusionConfig& config, const ImageShape& pictures);
/// Both sets of a run; a held-out image of a class that no training image has is a UsageError, too. Warns,
/// once each, of classes without training images, of one class alone, of rows of label_emb for no class, and
/// of classes that data.val_path lacks.
void check_data(const DataSets& data, const DiffusionConfig& config, const ImageShape& pictures);

}  // namespace uvic

// A data set as a set of images, for statistics of what a model is trained on.
#pragma once
#include <optional>

#include "data/dataset.h"
#include "data/image_set.h"

namespace uvic {

/// Says what it gives: every image of `dataset` in its order, prepared as training prepares it, but never
/// flipped or cropped at random; grey becomes RGB, as a model's samples do when they are scored. UsageError:
/// images of other than 1 or 3 channels. `bad` hears of images that cannot be decoded.
std::unique_ptr<ImageSet> images_of(std::shared_ptr<const Dataset> dataset, SharedBadFiles bad);

/// idx, cifar10 or cifar100 where `folder` holds the training files of such a set.
std::optional<DataKind> kind_of_data(const std::filesystem::path& folder);

/// The training images of a folder of that kind, as it stands.
std::unique_ptr<ImageSet> open_training_set(const std::filesystem::path& folder, DataKind kind,
                                            SharedBadFiles bad);

}  // namespace uvic

// A labelled image set in memory or on disk, indexed 0 .. size() - 1.
#pragma once
#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "data/options.h"

namespace uvic {

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual int64_t size() const = 0;
  /// {C, H, W} of every image.
  virtual std::array<int64_t, 3> image_shape() const = 0;
  /// Classes that the labels are of: labels are 0 .. num_classes() - 1.
  virtual int64_t num_classes() const = 0;
  /// uint8 [C, H, W]. Thread-safe.
  virtual at::Tensor image(int64_t index) const = 0;
  virtual int64_t label(int64_t index) const = 0;
  /// One line for start-up: "60000 images 1x28x28, 10 classes (labels 0 to 9), idx in /usr/share/...".
  virtual std::string describe() const = 0;
};

/// Opens and checks the training set that `options` name; UsageError names the file and what is wrong with
/// it.
std::shared_ptr<const Dataset> open_dataset(const DataOptions& options);

}  // namespace uvic

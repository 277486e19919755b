// Two networks on the same images.
#pragma once
#include <array>
#include <vector>

#include "inspect/measures.h"

namespace uvic {

/// Means over images of a measure of two networks, and of the difference a - b image by image, with its
/// standard error (NaN for one image).
struct MeasureDifference {
  double a = 0, b = 0, difference = 0, error = 0;
};

/// Of the mean of `values`, [I]; NaN of fewer than two.
double standard_error(const at::Tensor& values);

/// a, b: [I], paired; pairs with a NaN are left out.
MeasureDifference paired_difference(const at::Tensor& a, const at::Tensor& b);

struct NetworkComparison {
  /// Of each image's mean over blocks and heads.
  std::array<MeasureDifference, kHeadMeasures> all;
  /// By block; empty if the networks differ in the number of blocks.
  std::vector<std::array<MeasureDifference, kHeadMeasures>> layers;
};

/// Both over as many images.
NetworkComparison compare(const Measures& a, const Measures& b);

}  // namespace uvic

#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "language/probe.h"

namespace uvic {

/// The two tests side by side, the difference by one of distance_names over the number of ones, both axes
/// logarithmic, a curve a result: uint8 [3, H, W]. A difference of zero has no place on such an axis and is
/// left out. 1 to 4 results.
at::Tensor plot_probe(const std::vector<ProbeResult>& results, const std::string& norm);

}  // namespace uvic

#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace uvic {

struct HeatMap {
  std::string title, rows_title, columns_title;
  std::vector<std::string> rows, columns;  ///< their names
  at::Tensor values;                       ///< [rows, columns]; NaN: grey
  bool is_signed = false;                  ///< see ColourScale
};

/// With names along both axes, a colour bar and, in the cells, their numbers: uint8 [3, H, W].
at::Tensor draw_heat_map(const HeatMap& map);

}  // namespace uvic

#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace uvic {

/// A contact sheet on white: `cells`, uint8 [C, H, W] each, C = 1 or 3, row by row, with a label over each
/// column and, unless `rows` is empty, before each row. Small cells are enlarged by a whole number. uint8 [3,
/// height, width].
at::Tensor sweep_sheet(const std::vector<at::Tensor>& cells, const std::vector<std::string>& columns,
                       const std::vector<std::string>& rows);

/// {height, width} of such a sheet of cells of H x W.
std::pair<int64_t, int64_t> sweep_sheet_size(const std::vector<std::string>& columns,
                                             const std::vector<std::string>& rows, int64_t H, int64_t W);

}  // namespace uvic

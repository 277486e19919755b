// Many images in one picture, each with the text that it shows under it.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

namespace uvic {

/// `images`: uint8 [n, C, H, W], C = 1 or 3, n <= rows * cols; a caption each. Small images are enlarged by a
/// whole number, so that there is room for text; letters that the font lacks lose their accents, or are '?'.
/// A text that is too long for its place ends in "...". On white, row by row: uint8 [3, height, width].
at::Tensor captioned_grid(const at::Tensor& images, const std::vector<std::string>& captions, int64_t rows,
                          int64_t cols);

/// {height, width} of such a picture of images of H x W.
std::pair<int64_t, int64_t> captioned_grid_size(std::pair<int64_t, int64_t> rows_cols, int64_t H, int64_t W);

}  // namespace uvic

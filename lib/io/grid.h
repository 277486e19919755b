// Images as bytes, and many in one picture.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>

namespace uvic {

/// Images to bytes as U-ViT does: clamp(127.5 x + 128, 0, 255), then truncation; NaN is 0. Computed in
/// float32; any shape, float -> uint8, same shape.
at::Tensor to_uint8(const at::Tensor& images);

/// `images`: uint8 [n, C, H, W] in row-major order, n <= rows * cols; empty cells and the `padding` pixels
/// around each image are black (opaque if C = 4). Returns uint8 [C, rows * (H + padding) + padding, cols * (W
/// + padding) + padding], as torchvision's make_grid lays it out.
at::Tensor make_grid(const at::Tensor& images, int64_t rows, int64_t cols, int64_t padding = 2);

/// {height, width} of such a picture of images of H x W.
std::pair<int64_t, int64_t> grid_size(std::pair<int64_t, int64_t> rows_cols, int64_t H, int64_t W,
                                      int64_t padding = 2);

/// The squarest {rows, cols} with rows * cols >= n and rows <= cols.
std::pair<int64_t, int64_t> square_grid(int64_t n);

}  // namespace uvic

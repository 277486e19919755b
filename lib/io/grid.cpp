#include "io/grid.h"

#include <ATen/ATen.h>

#include <cmath>

#include "core/dtype.h"

namespace uvic {

at::Tensor to_uint8(const at::Tensor& images) {
  const at::Tensor levels = images.detach().to(at::kFloat).mul(127.5).add(128).clamp(0, 255);
  return levels.nan_to_num(0).to(at::kByte);
}

at::Tensor make_grid(const at::Tensor& images, int64_t rows, int64_t cols, int64_t padding) {
  TORCH_CHECK(images.dim() == 4 && images.scalar_type() == at::kByte,
              "images must be uint8 [n, C, H, W], got ", dtype_name(images.scalar_type()), " ",
              images.sizes());
  const int64_t n = images.size(0), channels = images.size(1), height = images.size(2),
                width = images.size(3);
  TORCH_CHECK(n <= rows * cols, n, " images do not fit in ", rows, " x ", cols);
  const auto [grid_height, grid_width] = grid_size({rows, cols}, height, width, padding);
  at::Tensor grid = at::zeros({channels, grid_height, grid_width}, images.options());
  if (channels == 4) grid[3].fill_(255);
  for (int64_t i = 0; i < n; ++i) {
    const int64_t top = i / cols * (height + padding) + padding,
                  left = i % cols * (width + padding) + padding;
    grid.narrow(1, top, height).narrow(2, left, width).copy_(images[i]);
  }
  return grid;
}

std::pair<int64_t, int64_t> grid_size(std::pair<int64_t, int64_t> rows_cols, int64_t H, int64_t W,
                                      int64_t padding) {
  return {rows_cols.first * (H + padding) + padding, rows_cols.second * (W + padding) + padding};
}

std::pair<int64_t, int64_t> square_grid(int64_t n) {
  TORCH_CHECK(n > 0, "a grid needs at least one image, got ", n);
  const auto cols = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(n))));
  return {(n + cols - 1) / cols, cols};
}

}  // namespace uvic

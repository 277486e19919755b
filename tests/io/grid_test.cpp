#include "io/grid.h"

#include <gtest/gtest.h>

#include "support/support.h"

namespace uvic {
namespace {

TEST(MakeGrid, PutsEachImageInItsCellAndBlackElsewhere) {
  const at::Tensor images = at::arange(1, 1 + 5 * 3 * 2 * 4, at::kByte).view({5, 3, 2, 4});
  const at::Tensor grid = make_grid(images, 2, 3, 1);
  ASSERT_EQ(grid.sizes(), at::IntArrayRef({3, 2 * 3 + 1, 3 * 5 + 1}));
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < grid.size(1); ++y) {
      for (int64_t x = 0; x < grid.size(2); ++x) {
        const int64_t image = y / 3 * 3 + x / 5, row = y % 3 - 1, col = x % 5 - 1;
        const bool inside = image < 5 && y / 3 < 2 && x / 5 < 3 && row >= 0 && col >= 0;
        const int expected = inside ? images[image][c][row][col].item<int>() : 0;
        ASSERT_EQ(grid[c][y][x].item<int>(), expected) << c << " " << y << " " << x;
      }
    }
  }
}

TEST(MakeGrid, PadsByTwoUnlessTold) {
  const at::Tensor grid = make_grid(at::full({1, 1, 3, 3}, 9, at::kByte), 1, 1);
  ASSERT_EQ(grid.sizes(), at::IntArrayRef({1, 7, 7}));
  EXPECT_EQ(grid.sum().item<int>(), 9 * 9);
  EXPECT_EQ(grid[0][2][2].item<int>(), 9);
  EXPECT_EQ(make_grid(at::zeros({4, 1, 3, 3}, at::kByte), 2, 2, 0).sizes(), at::IntArrayRef({1, 6, 6}));
}

TEST(MakeGrid, EmptyCellsOfRgbaAreOpaque) {
  const at::Tensor grid = make_grid(at::zeros({1, 4, 1, 1}, at::kByte), 1, 2, 1);
  EXPECT_EQ(grid[0].sum().item<int>(), 0);
  EXPECT_EQ(grid[3][1][1].item<int>(), 0);  // the image's own alpha is kept
  EXPECT_EQ(grid[3].sum().item<int>(), 255 * (3 * 5 - 1));
}

TEST(MakeGrid, RefusesTooManyImagesAndOtherTypes) {
  EXPECT_THROW(make_grid(at::zeros({5, 1, 2, 2}, at::kByte), 2, 2), c10::Error);
  EXPECT_THROW(make_grid(at::zeros({4, 1, 2, 2}), 2, 2), c10::Error);
  EXPECT_THROW(make_grid(at::zeros({1, 2, 2}, at::kByte), 2, 2), c10::Error);
}

TEST(SquareGrid, IsTheSquarestThatHolds) {
  using Pair = std::pair<int64_t, int64_t>;
  EXPECT_EQ(square_grid(1), Pair(1, 1));
  EXPECT_EQ(square_grid(2), Pair(1, 2));
  EXPECT_EQ(square_grid(3), Pair(2, 2));
  EXPECT_EQ(square_grid(5), Pair(2, 3));
  EXPECT_EQ(square_grid(7), Pair(3, 3));
  EXPECT_EQ(square_grid(64), Pair(8, 8));
  EXPECT_EQ(square_grid(65), Pair(8, 9));
  for (int64_t n = 1; n < 500; ++n) {
    const auto [rows, cols] = square_grid(n);
    ASSERT_TRUE(rows * cols >= n && rows <= cols && cols <= rows + 1 && (rows - 1) * cols < n) << n;
  }
}

}  // namespace
}  // namespace uvic

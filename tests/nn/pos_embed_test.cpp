// Position embeddings at another image size.
#include "nn/pos_embed.h"

#include <gtest/gtest.h>

#include <functional>

#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using Grid = std::array<int64_t, 2>;
using Field = std::function<double(double y, double x)>;

/// [1, extras + h w, C]: random extras, then channel c of the patch at row i, column j is field(y, x) + c at
/// its centre, in units of a `unit` grid.
Tensor embedding(const Field& field, Grid grid, Grid unit, int64_t extras = 3, int64_t C = 2) {
  at::manual_seed(1);
  Tensor tokens = at::empty({1, extras + grid[0] * grid[1], C});
  tokens.slice(1, 0, extras) = at::randn({extras, C});
  for (int64_t i = 0; i < grid[0]; ++i) {
    for (int64_t j = 0; j < grid[1]; ++j) {
      const double y = (double(i) + 0.5) * double(unit[0]) / double(grid[0]) - 0.5,
                   x = (double(j) + 0.5) * double(unit[1]) / double(grid[1]) - 0.5;
      tokens[0][extras + i * grid[1] + j] = at::arange(C, at::kFloat) + field(y, x);
    }
  }
  return tokens;
}

Tensor patches(const Tensor& tokens, Grid grid, int64_t extras = 3) {
  return tokens[0].slice(0, extras).view({grid[0], grid[1], -1});
}

const std::vector<Grid> kOthers = {{8, 12}, {12, 8}, {16, 16}, {5, 7}, {4, 4}, {9, 8}};

TEST(PosEmbed, TheSameSizeIsTheIdentity) {
  const Tensor tokens = at::randn({1, 3 + 48, 5});
  EXPECT_TRUE(resize_pos_embed(tokens, 3, {6, 8}, {6, 8}).is_same(tokens));
}

TEST(PosEmbed, ExtrasAreKeptToTheBitAndShapesFollow) {
  for (const at::ScalarType dtype : {at::kFloat, at::kHalf, at::kBFloat16, at::kDouble}) {
    const Tensor tokens = at::randn({1, 79 + 64, 5}).to(dtype);
    for (const Grid to : kOthers) {
      const Tensor resized = resize_pos_embed(tokens, 79, {8, 8}, to);
      EXPECT_EQ(resized.sizes(), at::IntArrayRef({1, 79 + to[0] * to[1], 5}));
      EXPECT_EQ(resized.scalar_type(), dtype);
      EXPECT_TRUE(at::equal(resized.slice(1, 0, 79), tokens.slice(1, 0, 79)));
    }
  }
}

// Keys' kernel with a = -0.75 is off a line by at most |2a + 1| max s(1 - s)(1 - 2s) = 0.048 of its slope.
TEST(PosEmbed, SmoothFieldsStaySmooth) {
  const std::vector<std::pair<Field, double>> fields = {
      {[](double, double) { return 2.5; }, 1e-5},
      {[](double y, double x) { return 0.3 * y - 0.2 * x; }, 0.5 * 0.05},
      {[](double y, double x) { return 0.01 * y * y + 0.02 * y * x - 0.01 * x * x; }, 0.03},
      {[](double y, double x) { return std::sin(0.4 * y) * std::cos(0.3 * x); }, 0.03},
  };
  for (const auto& [field, tolerance] : fields) {
    for (const Grid to : kOthers) {
      const Tensor resized = resize_pos_embed(embedding(field, {8, 8}, {8, 8}), 3, {8, 8}, to);
      const Tensor difference = (patches(resized, to) - patches(embedding(field, to, {8, 8}), to)).abs();
      // The kernel reaches two patches out; at the border it sees repeated ones.
      const int64_t i = to[0] / 4, j = to[1] / 4;
      EXPECT_LT(difference.slice(0, i, to[0] - i).slice(1, j, to[1] - j).max().item<double>(), tolerance)
          << to[0] << " x " << to[1];
    }
  }
}

TEST(PosEmbed, EveryValueIsKeysCubicConvolution) {
  const Grid from = {6, 8};
  const Tensor tokens = at::randn({1, 1 + 48, 1});
  const auto kernel = [](double d) {
    const double a = -0.75, x = std::abs(d);
    if (x <= 1) return (a + 2) * x * x * x - (a + 3) * x * x + 1;
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0.0;
  };
  for (const Grid to : {Grid{6, 12}, Grid{9, 5}, Grid{12, 16}}) {
    const Tensor resized = patches(resize_pos_embed(tokens, 1, from, to), to, 1);
    for (int64_t i = 0; i < to[0]; ++i) {
      for (int64_t j = 0; j < to[1]; ++j) {
        const double y = (double(i) + 0.5) * double(from[0]) / double(to[0]) - 0.5,
                     x = (double(j) + 0.5) * double(from[1]) / double(to[1]) - 0.5;
        double expected = 0;
        for (int64_t r = int64_t(std::floor(y)) - 1; r <= int64_t(std::floor(y)) + 2; ++r) {
          for (int64_t c = int64_t(std::floor(x)) - 1; c <= int64_t(std::floor(x)) + 2; ++c) {
            const int64_t row = std::clamp<int64_t>(r, 0, from[0] - 1),
                          column = std::clamp<int64_t>(c, 0, from[1] - 1);
            expected += kernel(y - double(r)) * kernel(x - double(c)) *
                        tokens[0][1 + row * from[1] + column][0].item<double>();
          }
        }
        EXPECT_NEAR(resized[i][j][0].item<double>(), expected, 1e-5) << i << ", " << j;
      }
    }
  }
}

TEST(PosEmbed, AnotherShapeThanTheGridsIsAnError) {
  EXPECT_THROW_WITH(resize_pos_embed(at::zeros({1, 20, 4}), 1, {4, 4}, {8, 8}), c10::Error,
                    "pos_embed must be [1, 1 + 4 x 4, C], got [1, 20, 4]");
}

}  // namespace
}  // namespace uvic

// The index maps of the CUDA kernels: shared-memory swizzle and mma fragments.
#include "kernels/cuda/tile.h"

#include <gtest/gtest.h>

#include <set>

namespace uvic::cuda {
namespace {

template <int D>
void check_swizzle() {
  using Tile = SharedTile<D>;
  SCOPED_TRACE(D);
  std::set<int> offsets;
  for (int row = 0; row < 64; ++row) {
    for (int chunk = 0; chunk < Tile::kChunks; ++chunk) {
      const int offset = Tile::offset(row, chunk);
      EXPECT_EQ(offset % 16, 0);
      EXPECT_TRUE(offset >= row * Tile::kRowBytes && offset < (row + 1) * Tile::kRowBytes)
          << "leaves its row";
      offsets.insert(offset);
      // What lets the kernels add multiples of 8 rows outside of offset().
      EXPECT_EQ(Tile::offset(row + 8, chunk), offset + 8 * Tile::kRowBytes);
    }
  }
  EXPECT_EQ(int(offsets.size()), 64 * Tile::kChunks) << "two chunks share a place";
  // ldmatrix reads one chunk of eight rows at a time: eight different 16-byte banks of the 128 bytes a cycle.
  for (int row = 0; row < 64; row += 8) {
    for (int chunk = 0; chunk < Tile::kChunks; ++chunk) {
      std::set<int> banks;
      for (int i = 0; i < 8; ++i) banks.insert(Tile::offset(row + i, chunk) / 16 % 8);
      EXPECT_EQ(banks.size(), 8u) << "chunk " << chunk;
    }
  }
}

TEST(CudaTile, SwizzleIsABijectionWithoutBankConflicts) {
  check_swizzle<32>();
  check_swizzle<64>();
  check_swizzle<72>();
  check_swizzle<80>();
  check_swizzle<96>();
  check_swizzle<128>();
}

TEST(CudaTile, PaddedHeadSizesAreWholeMmaSteps) {
  EXPECT_EQ(SharedTile<72>::kPadded, 80);
  EXPECT_EQ(SharedTile<72>::kGlobalChunks, 9);
  EXPECT_EQ(SharedTile<72>::kChunks, 10);
  EXPECT_EQ(SharedTile<80>::kGlobalChunks, 10);
  EXPECT_EQ(SharedTile<64>::kSteps, 4);
}

TEST(CudaTile, LanesAddressEachRowOfA16x16BlockOnce) {
  for (const auto address : {lane_address_a, lane_address_b}) {
    std::set<std::pair<int, int>> seen;
    for (int lane = 0; lane < 32; ++lane) seen.insert({address(lane).row, address(lane).chunk});
    EXPECT_EQ(seen.size(), 32u);
    EXPECT_EQ(*seen.begin(), std::pair(0, 0));
    EXPECT_EQ(*seen.rbegin(), std::pair(15, 1));
  }
  // Blocks in the order of mma's registers: A by rows first, B (n-major) by k first.
  EXPECT_EQ(lane_address_a(8).row, 8);
  EXPECT_EQ(lane_address_a(16).chunk, 1);
  EXPECT_EQ(lane_address_b(8).chunk, 1);
  EXPECT_EQ(lane_address_b(16).row, 8);
}

TEST(CudaTile, AccumulatorElementsCoverTheTileOnce) {
  std::set<std::pair<int, int>> seen;
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < 4; ++i) seen.insert({accumulator_row(lane, i), accumulator_column(lane, i)});
  EXPECT_EQ(seen.size(), 128u);
  EXPECT_EQ(*seen.rbegin(), std::pair(15, 7));
}

}  // namespace
}  // namespace uvic::cuda

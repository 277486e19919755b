// What the host decides before a CUDA launch, on any machine.
#include "kernels/cuda/plan.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>

#include "kernels/choose.h"
#include "kernels/cuda/dispatch.h"
#include "support/support.h"

namespace uvic::cuda {
namespace {

constexpr Pass kPasses[] = {Pass::kForward, Pass::kStatistics, Pass::kQueryGradient, Pass::kKeyGradients};
// Shared memory: what an SM has, and what one block may take of it (CUDA programming guide, compute
// capabilities).
constexpr int kSm80Bytes = 164 << 10, kSm80BlockBytes = 163 << 10, kSm90Bytes = 228 << 10,
              kReservedBytes = 1 << 10;

// Why a call is unfused; "" where nothing but the build stands against it.
std::string obstacle(AttentionCall call) {
  call.device = c10::kCUDA;
  const KernelChoice choice = choose_kernel(call);
  const std::string text = choice.description();
  return choice.fused || (!built() && text == "unfused (this build has no CUDA kernels)") ? "" : text;
}

TEST(CudaPlan, CoverageNamesWhatIsMissing) {
  for (const auto dtype : {at::kHalf, at::kBFloat16, at::kFloat})
    for (const int head_dim : kHeadDims) EXPECT_EQ(obstacle({.dtype = dtype, .head_dim = head_dim}), "");
  EXPECT_EQ(obstacle({.dtype = at::kDouble}),
            "unfused (the CUDA kernels take float16, bfloat16 and float32, not Double)");
  EXPECT_EQ(obstacle({.dtype = at::kHalf, .head_dim = 48}),
            "unfused (the CUDA kernels take head sizes [32, 64, 72, 80, 96, 128], not 48)");
  EXPECT_EQ(obstacle({.dtype = at::kHalf, .compute_capability = 7}),
            "unfused (the CUDA kernels need compute capability 8.0, this device has 7)");
  EXPECT_EQ(obstacle({.kind = AttentionKind::kSoftmax}), "");
  EXPECT_EQ(obstacle({.kind = AttentionKind(7)}),
            "unfused (there is no fused kernel for this kind of attention)");
  if (!built()) {
    EXPECT_THROW_WITH(choose_kernel({c10::kCUDA, at::kHalf, 64, true}), c10::Error,
                      "fused is not possible: this build has no CUDA kernels");
  } else {
    EXPECT_TRUE(choose_kernel({c10::kCUDA, at::kHalf, 64, true}).fused);
  }
}

TEST(CudaPlan, DispatchReachesTheTypeAndHeadSizeAskedFor) {
  const auto bytes = [](at::ScalarType dtype, int64_t head_dim) {
    return dispatch(dtype, head_dim, []<class T, int D>() {
      return std::pair(std::is_same_v<T, Half> ? 'h' : std::is_same_v<T, BFloat16> ? 'b' : 'f', D);
    });
  };
  for (const int head_dim : kHeadDims) {
    EXPECT_EQ(bytes(at::kHalf, head_dim), std::pair('h', head_dim));
    EXPECT_EQ(bytes(at::kBFloat16, head_dim), std::pair('b', head_dim));
    EXPECT_EQ(bytes(at::kFloat, head_dim), std::pair('f', head_dim));
  }
}

TEST(CudaPlan, BlocksFitBothArchitectures) {
  for (const auto dtype : {at::kHalf, at::kBFloat16, at::kFloat}) {
    for (const int head_dim : kHeadDims) {
      for (const Pass pass : kPasses) {
        const KernelShape shape = kernel_shape(pass, dtype, head_dim);
        EXPECT_LE(shape.shared_bytes, kSm80BlockBytes) << dtype << " " << head_dim;
        EXPECT_EQ(shape.threads % 32, 0);
        // The tensor-core kernels are written for two blocks an SM (launch.cuh gives them half the
        // registers).
        if (dtype == at::kFloat) continue;
        EXPECT_LE(2 * (shape.shared_bytes + kReservedBytes), kSm80Bytes) << dtype << " " << head_dim;
        EXPECT_LE(2 * (shape.shared_bytes + kReservedBytes), kSm90Bytes);
      }
    }
  }
}

TEST(CudaPlan, TilesOfTheSizesThatMatter) {
  const KernelShape forward = kernel_shape(Pass::kForward, at::kBFloat16, 64);
  EXPECT_EQ(forward.rows, 128);
  EXPECT_EQ(forward.threads, 128);
  EXPECT_EQ(forward.shared_bytes, 48 << 10);  // Q 16 KB, two stages of K and V 8 KB each
  const KernelShape backward = kernel_shape(Pass::kKeyGradients, at::kBFloat16, 64);
  EXPECT_EQ(backward.rows, 128);
  EXPECT_EQ(backward.shared_bytes, (64 << 10) + 1024);  // K, V; two stages of Q and dO; their statistics
  Problem p;
  p.batch = 64, p.heads = 8, p.queries = 257, p.keys = 300;
  EXPECT_EQ(block_count(Pass::kForward, forward, p), 3 * 512);
  EXPECT_EQ(block_count(Pass::kKeyGradients, {100, 128, 0}, p), 3 * 512);
  EXPECT_EQ(block_count(Pass::kQueryGradient, {100, 128, 0}, p), 3 * 512);
  p.keys = 301;
  EXPECT_EQ(block_count(Pass::kKeyGradients, {100, 128, 0}, p), 4 * 512);
}

TEST(CudaPlan, BalancedBlocksCoverTheRowsAndNoneIsEmpty) {
  EXPECT_EQ(balanced_rows(257, 128, 32), 96);
  EXPECT_EQ(balanced_rows(334, 128, 32), 128);
  EXPECT_EQ(balanced_rows(1, 128, 32), 32);
  for (int rows = 1; rows < 1500; ++rows) {
    for (const auto& [most, unit] : {std::pair{128, 32}, {64, 16}}) {
      const int balanced = balanced_rows(rows, most, unit), blocks = ceil_div(rows, most);
      EXPECT_TRUE(balanced % unit == 0 && balanced <= most) << rows;
      EXPECT_TRUE(balanced * blocks >= rows && balanced * (blocks - 1) < rows) << rows;
    }
  }
}

TEST(CudaPlan, LimitsOfPositionsAndBlocks) {
  const auto limits = [](int64_t batch, int64_t heads, int64_t queries, int64_t keys) {
    return obstacle({.dtype = at::kHalf, .batch = batch, .heads = heads, .queries = queries, .keys = keys});
  };
  EXPECT_EQ(limits(64, 8, 4096, 4096), "");
  EXPECT_EQ(limits(70000, 100, 257, 257), "");  // no 65535 of grid.y and z
  EXPECT_NE(limits(1, 1, (int64_t(1) << 30) + 1, 1).find("2^30 positions"), std::string::npos);
  EXPECT_NE(limits(int64_t(1) << 20, 1 << 11, 1, 1).find("heads"), std::string::npos);
  EXPECT_NE(limits(1 << 20, 1 << 9, 1000, 1).find("blocks"), std::string::npos);
}

TEST(CudaPlan, TilesOfDocuments) {
  // Rows of 200 positions: documents of 129 and 71, then of 200.
  const auto tiles = document_tiles({0, 129, 200, 400}, 200, 128);
  const std::vector<std::array<int, 4>> expected = {
      {0, 0, 129, 0}, {0, 0, 129, 1}, {0, 129, 71, 0}, {1, 0, 200, 0}, {1, 0, 200, 1}};
  ASSERT_EQ(tiles.size(), expected.size());
  for (size_t i = 0; i < tiles.size(); ++i) {
    const DocumentTile& t = tiles[i];
    EXPECT_EQ((std::array{t.batch, t.origin, t.length, t.tile}), expected[i]) << i;
  }
  Problem p;
  p.batch = 2, p.heads = 8, p.queries = p.keys = 200;
  p.tiles = tiles.data(), p.tile_count = int(tiles.size());
  EXPECT_EQ(block_count(Pass::kForward, {128, 128, 0}, p), 5 * 8);
  EXPECT_EQ(block_count(Pass::kStatistics, {64, 128, 0}, p), 4 * 16);  // knows no documents
}

// A launch walks over one plan for both gradients, and a document begins a tile.
TEST(CudaPlan, OnePlanForBothGradientsAndABoundForItsTiles) {
  for (const auto dtype : {at::kHalf, at::kFloat}) {
    for (const int head_dim : kHeadDims)
      EXPECT_EQ(kernel_shape(Pass::kQueryGradient, dtype, head_dim).rows,
                kernel_shape(Pass::kKeyGradients, dtype, head_dim).rows);
  }
  const AttentionCall call{
      .dtype = at::kHalf, .batch = 2, .heads = 8, .queries = 200, .keys = 200, .documents = 200};
  std::vector<int64_t> bounds;
  for (int64_t i = 0; i <= 400; i += 2) bounds.push_back(i);
  for (const Pass pass : {Pass::kForward, Pass::kKeyGradients}) {
    const auto tiles = document_tiles(bounds, 200, kernel_shape(pass, at::kHalf, 64).rows);
    EXPECT_GE(most_blocks(call), int64_t(tiles.size()) * 8);
  }
  EXPECT_NE(obstacle({.dtype = at::kHalf,
                      .batch = 1 << 15,
                      .heads = 1 << 8,
                      .queries = 256,
                      .keys = 256,
                      .documents = 1 << 23})
                .find("blocks"),
            std::string::npos);
}

TEST(CudaPlan, ViewsOfThePackedProjectionAreReadInPlace) {
  const at::Tensor qkv = at::zeros({2, 9, 3, 4, 72}, at::kBFloat16).permute({2, 0, 3, 1, 4});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(readable_in_place(qkv[i])) << i;
  const View view = view_of(qkv[1]);
  EXPECT_EQ(view.batch_stride, 9 * 3 * 4 * 72);
  EXPECT_EQ(view.head_stride, 72);
  EXPECT_EQ(view.row_stride, 3 * 4 * 72);
  EXPECT_EQ(view.data, static_cast<at::BFloat16*>(qkv.data_ptr()) + 4 * 72);
}

TEST(CudaPlan, OtherTensorsAreCopiedFirst) {
  const at::Tensor x = at::zeros({2, 4, 9, 64}, at::kHalf);
  EXPECT_TRUE(readable_in_place(x));
  EXPECT_FALSE(readable_in_place(x.transpose(2, 3)));
  EXPECT_FALSE(readable_in_place(at::zeros({1}, at::kHalf).expand({2, 4, 9, 64})));  // a gradient of sum()
  const at::Tensor odd = at::zeros({4096}, at::kHalf);
  EXPECT_FALSE(readable_in_place(odd.as_strided({1, 2, 9, 32}, {0, 320, 33, 1})));     // rows 66 bytes apart
  EXPECT_FALSE(readable_in_place(odd.as_strided({1, 2, 9, 32}, {0, 640, 64, 1}, 1)));  // begins 2 bytes late
  EXPECT_TRUE(readable_in_place(odd.as_strided({1, 2, 9, 32}, {0, 640, 64, 1}, 8)));
}

}  // namespace
}  // namespace uvic::cuda

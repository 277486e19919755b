// How big the blocks are, and why. Read by the kernels and, for sizes and limits, by the host.
//
// Forward, one block = 4 warps x 32 query rows against steps of 64 keys. For one (b, h) it does 4 N M D flops
// over (N + 2 M ceil(N / 128)) D elements read and N D written, mostly from L2 (K and V of a head are 64 KB
// at N = 257, D = 64): over 100 flops a byte, so tensor cores and the special-function unit decide, not
// memory. A score at D = 64 costs an SM 128 multiply-adds (1/8 cycle at the 1024 a cycle that mma.sync has on
// sm_80, about half that on sm_90), 1/16 cycle of ex2, and about 7 instructions of 128 lanes a cycle. Why 32
// rows a warp: an ldmatrix.x4 (512 bytes, 4 cycles of shared memory) then feeds four mma (4 to 8 cycles);
// with 16 rows it feeds two, and shared memory becomes the limit. Why 32 keys at a time: scores then take 32
// registers a thread beside 64 of O and 32 of Q, which leaves two blocks an SM without a spill; 64 at a time
// spilled. N = 257, 258 and 334 waste little, for warps past the last query and 16-key groups past the last
// key are skipped: N = 257 costs 288 x 272 scores where tiles of 128 x 128 cost 384 x 384.
//
// Backward, one block keeps 128 rows (64 for D > 64, whose accumulators are wider) of keys, or in a second
// kernel of queries, and walks over the other side, so no two blocks add to one gradient: it is deterministic
// and needs neither atomics nor a float copy of dQ. The price is 7 products of N x M x D instead of
// FlashAttention-2's 5, partly paid back by the skipped tails and by what it does not do (zero, add to and
// convert a float dQ). Runs are resumed to the bit here, so the deterministic way is the only way.
#pragma once
#include <type_traits>

#include "kernels/cuda/params.h"
#include "kernels/cuda/tile.h"

namespace uvic::cuda {

template <int D>
struct ForwardShape {
  static constexpr int kWarps = 4, kThreads = kWarps * 32;
  static constexpr int kRowTiles = 2;  ///< 16-row tiles a warp
  static constexpr int kRows = kWarps * kRowTiles * 16;
  static constexpr int kKeys = D <= 96 ? 64 : 32, kStages = 2;
  static constexpr int kSubKeys = D <= 96 ? 32 : 16;  ///< scores of a warp at one time
  static constexpr bool kQueryInRegisters = D <= 64;
  static constexpr int kSharedBytes = (kRows + kStages * 2 * kKeys) * SharedTile<D>::kRowBytes;
};

template <int D>
struct BackwardShape {
  static constexpr int kWarps = 4, kThreads = kWarps * 32;
  static constexpr int kRowTiles = D <= 64 ? 2 : 1;
  static constexpr int kRows = kWarps * kRowTiles * 16;
  static constexpr int kColumns = D <= 96 ? 64 : 32, kStages = 2;  ///< of the walked side, a step
  static constexpr int kSubColumns = 32;                           ///< scores of a warp at one time
  /// Two tiles of the kept side, two a stage of the walked side, and two floats a walked column.
  static constexpr int kTileBytes = 2 * (kRows + kStages * kColumns) * SharedTile<D>::kRowBytes;
  static constexpr int kSharedBytes = kTileBytes + kStages * 2 * kColumns * int(sizeof(float));
};

/// float: plain multiply-adds, 16 x 16 threads, each 4 rows x 2 columns of scores and 4 rows x D / 16 of
/// results.
template <int D>
struct ExactShape {
  static constexpr int kThreads = 256, kRows = 64, kColumns = 32;
  static constexpr int kPadded = ceil_div(D, 16) * 16;
  static constexpr int kStride = kPadded + 1;  ///< odd: 16 rows at one column lie in 16 banks
  static constexpr int kScoreStride = kColumns + 1;
  static constexpr int kScores = kRows * kScoreStride;
  static constexpr int kForwardBytes = int(sizeof(float)) * ((kRows + 2 * kColumns) * kStride + kScores);
  static constexpr int kBackwardBytes = int(sizeof(float)) * (2 * (kRows + kColumns) * kStride + kScores);
};

/// The backward's first kernel, memory only: one lane a 16-byte chunk of dO and O.
template <class T, int D>
struct StatisticsShape {
  static constexpr int kPerChunk = std::is_same_v<T, Float> ? 4 : 8;
  static constexpr int kChunks = D / kPerChunk;
  static constexpr int kLanes = kChunks <= 4 ? 4 : kChunks <= 8 ? 8 : kChunks <= 16 ? 16 : 32;  ///< a row
  static constexpr int kThreads = 256, kRows = kThreads / kLanes;
};

/// Rows that a block really takes of at most `most`, in whole warps of `unit`: as few blocks as with `most`,
/// but equally busy. N = 257 in blocks of 128 is 3 x 3 warps, not 4, 4 and 1.
constexpr UVIC_HOST_DEVICE int balanced_rows(int rows, int most, int unit) {
  return ceil_div(ceil_div(rows, ceil_div(rows, most)), unit) * unit;
}

/// The kernels, in the order of a training step.
enum class Pass { kForward, kStatistics, kQueryGradient, kKeyGradients };

/// What a launch needs to know of a kernel. Blocks: one for at most `rows` rows of one (b, h).
struct KernelShape {
  int rows, threads, shared_bytes;
};

template <class T, int D>
constexpr KernelShape kernel_shape(Pass pass) {
  using Statistics = StatisticsShape<T, D>;
  if (pass == Pass::kStatistics) return {Statistics::kRows, Statistics::kThreads, 0};
  if constexpr (std::is_same_v<T, Float>) {
    using Exact = ExactShape<D>;
    return {Exact::kRows, Exact::kThreads,
            pass == Pass::kForward ? Exact::kForwardBytes : Exact::kBackwardBytes};
  } else {
    using Forward = ForwardShape<D>;
    using Backward = BackwardShape<D>;
    if (pass == Pass::kForward) return {Forward::kRows, Forward::kThreads, Forward::kSharedBytes};
    return {Backward::kRows, Backward::kThreads, Backward::kSharedBytes};
  }
}

/// Of a whole launch, along grid.x alone: y and z end at 65535, x at 2^31 - 1.
constexpr int64_t block_count(Pass pass, const KernelShape& shape, const Problem& p) {
  if (p.tiles && pass != Pass::kStatistics) return int64_t(p.tile_count) * p.heads;
  const int rows = pass == Pass::kKeyGradients ? p.keys : p.queries;
  return int64_t(ceil_div(rows, shape.rows)) * p.heads * p.batch;
}

}  // namespace uvic::cuda

// The backward's first kernel: (lse log2 e, row_dot = sum_d dO O) of every query. One lane a 16-byte chunk,
// the lanes of a row side by side in a warp.
#pragma once
#include <type_traits>

#include "kernels/cuda/shapes.h"
#include "kernels/cuda/warp_tile.cuh"

namespace uvic::cuda {

template <class T, class M>
UVIC_DEVICE float dot(const Chunk& a, const Chunk& b) {
  float sum = 0;
  UVIC_UNROLL
  for (int i = 0; i < 4; ++i) {
    if constexpr (std::is_same_v<T, Float>)
      sum += M::as_float(a.words[i]) * M::as_float(b.words[i]);
    else
      sum += M::template unpack_low<T>(a.words[i]) * M::template unpack_low<T>(b.words[i]) +
             M::template unpack_high<T>(a.words[i]) * M::template unpack_high<T>(b.words[i]);
  }
  return sum;
}

template <class T, int D, class M>
UVIC_DEVICE void fill_statistics(const Problem& p, const Gradients& g) {
  using Shape = StatisticsShape<T, D>;
  constexpr int kBytes = 16 / Shape::kPerChunk;
  const int tiles = ceil_div(p.queries, Shape::kRows);
  const int row = M::block() % tiles * Shape::kRows + M::thread() / Shape::kLanes;
  const int chunk = M::thread() % Shape::kLanes;
  const int h = M::block() / tiles % p.heads, b = M::block() / tiles / p.heads;
  float sum = 0;
  if (row < p.queries && chunk < Shape::kChunks) {
    const auto load = [&](const View& view) {
      const int64_t offset = b * view.batch_stride + h * view.head_stride + row * view.row_stride;
      return reinterpret_cast<const Chunk*>(static_cast<const char*>(view.data) + offset * kBytes)[chunk];
    };
    sum = dot<T, M>(load(p.out), load(g.grad_out));
  }
  UVIC_UNROLL
  for (int mask = 1; mask < Shape::kLanes; mask *= 2) sum += M::shuffle_xor(sum, mask);
  if (row < p.queries && chunk == 0) {
    const int64_t query = (int64_t(b) * p.heads + h) * p.queries + row;
    g.statistics[2 * query] = p.lse[query] * kLog2e;
    g.statistics[2 * query + 1] = sum;
  }
}

}  // namespace uvic::cuda

// What a block does between its matrix products in training (kernels/block_rows.h), as cpu/block_rows.h has
// it. Memory decides: a row is read once and kept in registers, four neighbours a thread, so that all of a
// block's threads are at one row, and kRowsAtOnce rows are on their way at a time. Sums over rows are of the
// rows of one block, in their order, whatever else runs: they are the same in every run.
#pragma once
#include <type_traits>

#include "kernels/block_rows_problem.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/params.h"

namespace uvic::cuda {

constexpr int kRowsAtOnce = 4;
/// Rows of an item, whose gradients of a weight are added up by one block: few enough for two blocks or more
/// an SM at 16,384 rows, many enough that the sums, 12 bytes a column and item, are a twentieth of what is
/// read.
constexpr int kRowsOfAnItem = 32;
/// GELU has no sum along a row, so a block takes some columns of it.
constexpr int kGeluThreads = 128, kGeluColumns = 4 * kGeluThreads;
constexpr int kMostRowThreads = 512, kMostColumns = 4 * kMostRowThreads;

/// Of a block whose threads have all columns of a row.
constexpr UVIC_HOST_DEVICE int row_threads(int64_t C) {
  return ceil_div(int(C), 4 * 32) * 32;
}
/// Blocks, or items, of `rows_of_one` rows each.
constexpr UVIC_HOST_DEVICE int64_t blocks_of(int64_t rows, int rows_of_one) {
  return (rows + rows_of_one - 1) / rows_of_one;
}
/// Floats that a block sums by: two sides, so that one meeting of the block a sum is enough.
constexpr int kSumsAtOnce = 2 * kRowsAtOnce, kSumsSide = kMostRowThreads / 32 * kSumsAtOnce;
constexpr int kSharedSums = 2 * kSumsSide;

struct alignas(16) FourFloats {
  float at[4];
};
struct alignas(8) FourHalves {
  uint32_t words[2];
};

/// Four neighbours, of which the first is at a multiple of 4.
template <class T, class M>
UVIC_DEVICE FourFloats load_four(const void* from, int64_t at) {
  if constexpr (std::is_same_v<T, Float>) {
    return static_cast<const FourFloats*>(from)[at / 4];
  } else {
    const FourHalves x = static_cast<const FourHalves*>(from)[at / 4];
    return {{M::template unpack_low<T>(x.words[0]), M::template unpack_high<T>(x.words[0]),
             M::template unpack_low<T>(x.words[1]), M::template unpack_high<T>(x.words[1])}};
  }
}
template <class T, class M>
UVIC_DEVICE void store_four(void* to, int64_t at, const FourFloats& x) {
  if constexpr (std::is_same_v<T, Float>)
    static_cast<FourFloats*>(to)[at / 4] = x;
  else
    static_cast<FourHalves*>(to)[at / 4] = {
        {M::template pack<T>(x.at[0], x.at[1]), M::template pack<T>(x.at[2], x.at[3])}};
}
template <class M>
UVIC_DEVICE FourFloats floats_at(const float* from, int64_t at) {
  return load_four<Float, M>(from, at);
}

/// Each of x summed over the block, in all of its threads. `side`: kSumsSide floats, not those of the sum
/// before.
template <int n, class M>
UVIC_DEVICE void sum_over_block(float (&x)[n], float* side, int threads) {
  UVIC_UNROLL
  for (int i = 0; i < n; ++i) {
    UVIC_UNROLL
    for (int mask = 16; mask > 0; mask /= 2) x[i] += M::shuffle_xor(x[i], mask);
  }
  if (threads == 32) return;
  if (M::thread() % 32 == 0) {
    UVIC_UNROLL
    for (int i = 0; i < n; ++i) side[M::thread() / 32 * n + i] = x[i];
  }
  M::sync();
  UVIC_UNROLL
  for (int i = 0; i < n; ++i) x[i] = 0;
  for (int warp = 0; warp < threads / 32; ++warp) {
    UVIC_UNROLL
    for (int i = 0; i < n; ++i) x[i] += side[warp * n + i];
  }
}

/// One block: kRowsAtOnce rows.
template <class T, class M>
UVIC_DEVICE void residual_rows(const ResidualRows& p, int64_t rows, float* shared) {
  const int column = 4 * M::thread(), threads = row_threads(p.C);
  const int64_t first = int64_t(M::block()) * kRowsAtOnce;
  const bool changed = p.change != nullptr, mine = column < p.C;
  const auto has = [&](int i) { return mine && first + i < rows; };
  const auto at = [&](int i) { return (first + i) * p.C + column; };
  FourFloats bias = {}, v[kRowsAtOnce] = {}, x[kRowsAtOnce] = {};
  UVIC_UNROLL
  for (int i = 0; i < kRowsAtOnce; ++i) {
    if (changed && has(i)) v[i] = load_four<T, M>(p.change, at(i));
    if (p.x != nullptr && has(i)) x[i] = floats_at<M>(p.x, at(i));
  }
  if (changed && p.bias != nullptr && mine) bias = floats_at<M>(p.bias, column);
  float sums[kRowsAtOnce] = {}, mean[kRowsAtOnce];
  UVIC_UNROLL
  for (int i = 0; i < kRowsAtOnce; ++i) {
    UVIC_UNROLL
    for (int k = 0; k < 4; ++k) sums[i] += v[i].at[k] += bias.at[k] + x[i].at[k];
    if (changed && has(i)) store_four<Float, M>(p.sum, at(i), v[i]);
  }
  if (p.weight == nullptr) return;
  sum_over_block<kRowsAtOnce, M>(sums, shared, threads);
  UVIC_UNROLL
  for (int i = 0; i < kRowsAtOnce; ++i) {
    mean[i] = sums[i] / float(p.C);
    sums[i] = 0;
    UVIC_UNROLL
    for (int k = 0; k < 4; ++k) {
      v[i].at[k] -= mean[i];
      if (mine) sums[i] += v[i].at[k] * v[i].at[k];
    }
  }
  sum_over_block<kRowsAtOnce, M>(sums, shared + kSumsSide, threads);
  if (!mine) return;
  const FourFloats weight = floats_at<M>(p.weight, column), norm_bias = floats_at<M>(p.norm_bias, column);
  UVIC_UNROLL
  for (int i = 0; i < kRowsAtOnce; ++i) {
    if (!has(i)) continue;
    const float scale = 1 / sqrtf(sums[i] / float(p.C) + float(p.eps));
    UVIC_UNROLL
    for (int k = 0; k < 4; ++k) v[i].at[k] = v[i].at[k] * scale * weight.at[k] + norm_bias.at[k];
    store_four<T, M>(p.normed, at(i), v[i]);
    if (column == 0) p.mean[first + i] = mean[i], p.scale[first + i] = scale;
  }
}

/// One block: an item. With g = grad_normed weight and y = (sum - mean) scale: grad_sum = grad + scale (g -
/// mean(g) - y mean(g y)). A row past the last is one of zeros.
template <class T, class M>
UVIC_DEVICE void residual_rows_backward(const ResidualGrads& p, int64_t rows, float* shared) {
  const int column = 4 * M::thread(), threads = row_threads(p.C);
  const int64_t begin = int64_t(M::block()) * kRowsOfAnItem;
  const bool normed = p.grad_normed != nullptr, mine = column < p.C;
  FourFloats weight = {}, of_bias = {}, of_weight = {}, of_norm_bias = {};
  if (normed && mine) weight = floats_at<M>(p.weight, column);
  UVIC_ROLLED
  for (int done = 0; done < kRowsOfAnItem; done += kRowsAtOnce) {
    const auto has = [&](int i) { return mine && begin + done + i < rows; };
    const auto at = [&](int i) { return (begin + done + i) * p.C + column; };
    FourFloats grad[kRowsAtOnce] = {}, g[kRowsAtOnce] = {}, y[kRowsAtOnce] = {};
    float mean[kRowsAtOnce] = {}, scale[kRowsAtOnce] = {}, sums[2 * kRowsAtOnce] = {};
    UVIC_UNROLL
    for (int i = 0; i < kRowsAtOnce; ++i) {
      if (!has(i)) continue;
      grad[i] = floats_at<M>(p.grad, at(i));
      if (!normed) continue;
      g[i] = load_four<T, M>(p.grad_normed, at(i)), y[i] = floats_at<M>(p.sum, at(i));
      mean[i] = p.mean[begin + done + i], scale[i] = p.scale[begin + done + i];
    }
    if (normed) {
      UVIC_UNROLL
      for (int i = 0; i < kRowsAtOnce; ++i) {
        UVIC_UNROLL
        for (int k = 0; k < 4; ++k) {
          y[i].at[k] = (y[i].at[k] - mean[i]) * scale[i];
          of_weight.at[k] += g[i].at[k] * y[i].at[k];
          of_norm_bias.at[k] += g[i].at[k];
          g[i].at[k] *= weight.at[k];
          sums[2 * i] += g[i].at[k];
          sums[2 * i + 1] += g[i].at[k] * y[i].at[k];
        }
      }
      sum_over_block<2 * kRowsAtOnce, M>(sums, shared + done / kRowsAtOnce % 2 * kSumsSide, threads);
    }
    UVIC_UNROLL
    for (int i = 0; i < kRowsAtOnce; ++i) {
      const float mean_g = sums[2 * i] / float(p.C), mean_gy = sums[2 * i + 1] / float(p.C);
      UVIC_UNROLL
      for (int k = 0; k < 4; ++k) {
        grad[i].at[k] += (g[i].at[k] - mean_g - y[i].at[k] * mean_gy) * scale[i];
        of_bias.at[k] += grad[i].at[k];
      }
      if (normed && has(i)) store_four<Float, M>(p.grad_sum, at(i), grad[i]);
      if (p.rounded != nullptr && has(i)) store_four<T, M>(p.rounded, at(i), grad[i]);
    }
  }
  if (!mine) return;
  const int64_t item = int64_t(M::block()) * p.C + column;
  store_four<Float, M>(p.grad_bias, item, of_bias);
  if (!normed) return;
  store_four<Float, M>(p.grad_weight, item, of_weight);
  store_four<Float, M>(p.grad_norm_bias, item, of_norm_bias);
}

/// One block: kGeluColumns columns of an item; what GELU is of, or with kBackward its slope there.
template <class T, bool kBackward, class M>
UVIC_DEVICE void gelu_rows(const GeluRows& p, int64_t rows) {
  const int groups = ceil_div(int(p.C), kGeluColumns),
            column = M::block() % groups * kGeluColumns + 4 * M::thread();
  const int64_t item = M::block() / groups, begin = item * kRowsOfAnItem;
  if (column >= p.C) return;
  const FourFloats bias = floats_at<M>(p.bias, column);
  FourFloats of_bias = {};
  for (int done = 0; done < kRowsOfAnItem; done += kRowsAtOnce) {
    FourFloats x[kRowsAtOnce] = {}, grad[kRowsAtOnce] = {};
    const auto has = [&](int i) { return begin + done + i < rows; };
    const auto at = [&](int i) { return (begin + done + i) * p.C + column; };
    UVIC_UNROLL
    for (int i = 0; i < kRowsAtOnce; ++i) {
      if (!has(i)) continue;
      x[i] = load_four<T, M>(p.x, at(i));
      if constexpr (kBackward) grad[i] = load_four<T, M>(p.grad, at(i));
    }
    UVIC_UNROLL
    for (int i = 0; i < kRowsAtOnce; ++i) {
      if (!has(i)) continue;
      UVIC_UNROLL
      for (int k = 0; k < 4; ++k) {
        const float z = x[i].at[k] + bias.at[k], below = 0.5F * (1 + erff(z * 0.70710678F));  // P(X <= z)
        if constexpr (kBackward)
          of_bias.at[k] += x[i].at[k] = grad[i].at[k] * (below + z * expf(-0.5F * z * z) * 0.39894228F);
        else
          x[i].at[k] = z * below;
      }
      store_four<T, M>(p.out, at(i), x[i]);
    }
  }
  if constexpr (kBackward) store_four<Float, M>(p.grad_bias, item * p.C + column, of_bias);
}

}  // namespace uvic::cuda

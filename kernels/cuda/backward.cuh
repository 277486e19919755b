// The backward kernels for float16 and bfloat16, two instances of one template. A block keeps rows of one
// side of the score matrix and walks over the columns of the other:
//
//   kKeyRows false: rows are queries, columns keys.  S = Q K^T,  dW = dO V^T,  dQ = scale dP K
//   kKeyRows true:  rows are keys, columns queries, all matrices transposed.
//                   S^T = K Q^T,  dW^T = V dO^T,  dK = scale dP^T Q,  dV = W^T dO
//
// with W and dP as weighing.cuh has them. A score past the end of a side is a product with zeros that
// load_rows wrote, so it is 0; where that is what a hidden score is, it needs no mask. W and dP leave the
// accumulators as A operands of the next product and never touch shared memory.
#pragma once
#include "kernels/cuda/place.cuh"
#include "kernels/cuda/shapes.h"
#include "kernels/cuda/warp_tile.cuh"
#include "kernels/cuda/weighing.cuh"

namespace uvic::cuda {

template <class Kind, class T, int D, bool kKeyRows, class M>
class Backward {
  using Tile = SharedTile<D>;
  using Shape = BackwardShape<D>;
  static constexpr int kRowTiles = Shape::kRowTiles, kGroups = Shape::kSubColumns / 16;
  using Scores = float[kRowTiles][2 * kGroups][4];
  using Result = float[kRowTiles][Tile::kChunks][4];

 public:
  UVIC_DEVICE Backward(const Problem& problem, const Gradients& gradients, unsigned char* shared)
      : p_(problem), g_(gradients), shared_(shared), shift_(problem.keys - problem.queries) {
    const Place place = place_of_block<kKeyRows, M>(p_, Shape::kRows);
    b_ = place.b, h_ = place.h, origin_ = place.origin;
    const int all_rows = kKeyRows ? place.keys : place.queries;
    columns_ = kKeyRows ? place.queries : place.keys;
    const int rows = balanced_rows(all_rows, Shape::kRows, 16 * kRowTiles);
    // Under a causal mask the first keys and the last queries have the most to do: they start first.
    first_row_ = (kKeyRows ? place.tile : place.tiles - 1 - place.tile) * rows;
    end_row_ = smaller(first_row_ + rows, all_rows);
    warp_row_ = first_row_ + M::warp() * 16 * kRowTiles;
  }

  UVIC_DEVICE void run() {
    const View& a = kKeyRows ? p_.k : p_.q;
    const View& b = kKeyRows ? p_.v : g_.grad_out;
    load_rows<D, Shape::kRows, Shape::kThreads, M>(shared_, rows(a, first_row_, end_row_ - first_row_));
    load_rows<D, Shape::kRows, Shape::kThreads, M>(shared_ + Shape::kRows * Tile::kRowBytes,
                                                   rows(b, first_row_, end_row_ - first_row_));
    const int begin = first_column(first_row_) / Shape::kColumns;
    const int end = ceil_div(end_column(end_row_ - 1), Shape::kColumns);
    load_columns(begin);
    if constexpr (!kKeyRows) load_row_statistics();
    UVIC_ROLLED
    for (int step = begin; step < end; ++step) {
      M::wait();
      M::sync();  // step's columns have arrived, and nobody reads the other stage any more
      if (step + 1 < end) load_columns(step + 1);
      if (warp_row_ >= end_row_) continue;
      const int last_row = smaller(warp_row_ + 16 * kRowTiles, end_row_) - 1;
      const int warp_end = smaller((step + 1) * Shape::kColumns, end_column(last_row));
      UVIC_ROLLED
      for (int column = step * Shape::kColumns; column < warp_end; column += Shape::kSubColumns)
        if (column + Shape::kSubColumns > first_column(warp_row_)) walk(column, last_row);
    }
    if (warp_row_ < end_row_) finish();
  }

 private:
  /// Columns that a row meets: [first_column, end_column), both growing with the row.
  UVIC_DEVICE int first_column(int row) const { return kKeyRows && p_.causal ? larger(row - shift_, 0) : 0; }
  UVIC_DEVICE int end_column(int row) const {
    return !kKeyRows && p_.causal ? smaller(row + shift_ + 1, columns_) : columns_;
  }

  UVIC_DEVICE Rows rows(const View& view, int first, int count) const {
    return rows_of(view, b_, h_, origin_ + first, count);
  }

  // The walked side is a ring of kStages kColumns rows for each of its two tiles.
  static constexpr int kRing = Shape::kStages * Shape::kColumns;
  UVIC_DEVICE unsigned char* ring(int which, int column) const {
    return shared_ + (2 * Shape::kRows + which * kRing + column % kRing) * Tile::kRowBytes;
  }
  /// (lse log2 e, row_dot) of a walked column.
  UVIC_DEVICE float* ring_statistics(int column) const {
    return reinterpret_cast<float*>(shared_ + Shape::kTileBytes) + 2 * (column % kRing);
  }
  UVIC_DEVICE const float* statistics(int query) const {
    return g_.statistics + 2 * ((int64_t(b_) * p_.heads + h_) * p_.queries + origin_ + query);
  }

  UVIC_DEVICE void load_columns(int step) {
    const int column = step * Shape::kColumns;
    const View& a = kKeyRows ? p_.q : p_.k;
    const View& b = kKeyRows ? g_.grad_out : p_.v;
    load_rows<D, Shape::kColumns, Shape::kThreads, M>(ring(0, column), rows(a, column, columns_ - column));
    load_rows<D, Shape::kColumns, Shape::kThreads, M>(ring(1, column), rows(b, column, columns_ - column));
    if constexpr (kKeyRows) {
      static_assert(Shape::kColumns <= Shape::kThreads);
      const int i = M::thread();
      if (i < Shape::kColumns)
        M::copy8(ring_statistics(column) + 2 * i, statistics(column + i), column + i < columns_);
    }
    M::commit();
  }

  UVIC_DEVICE void load_row_statistics() {
    UVIC_UNROLL
    for (int m = 0; m < kRowTiles; ++m) {
      UVIC_UNROLL
      for (int half = 0; half < 2; ++half) {
        const int row = warp_row_ + 16 * m + accumulator_row(M::thread() % 32, 2 * half);
        UVIC_UNROLL
        for (int i = 0; i < 2; ++i) statistics_[m][half][i] = row < end_row_ ? statistics(row)[i] : 0;
      }
    }
  }

  /// The rows' first tile (Q or K) or second (dO or V), of this warp.
  UVIC_DEVICE unsigned char* warp_rows(int which) const {
    return shared_ + (which * Shape::kRows + warp_row_ - first_row_) * Tile::kRowBytes;
  }

  /// c = A B^T, A the warp's rows of tile `which`, B the 32 columns of the same tile of the walked side.
  UVIC_DEVICE void multiply(Scores& c, int which, int column) const {
    UVIC_UNROLL
    for (int step = 0; step < Tile::kSteps; ++step) {
      uint32_t a[kRowTiles][4];
      UVIC_UNROLL
      for (int m = 0; m < kRowTiles; ++m) load_a<D, M>(a[m], warp_rows(which), 16 * m, step);
      UVIC_UNROLL
      for (int group = 0; group < kGroups; ++group) {
        uint32_t b[4];
        load_b<D, M>(b, ring(which, column), 16 * group, step);
        multiply_group<T, M>(c, a, b, group);
      }
    }
  }

  /// Columns [column, column + kSubColumns).
  UVIC_DEVICE void walk(int column, int last_row) {
    Scores w = {};
    multiply(w, 0, column);
    if ((p_.causal || Kind::kHidden != 0) &&
        (kKeyRows ? column < first_column(last_row) : column + Shape::kSubColumns > end_column(warp_row_)))
      hide(w, column);
    weigh(w, column);
    if constexpr (kKeyRows) add(second_, w, 1, column);
    Scores dp = {};
    multiply(dp, 1, column);
    M::sync_warp();  // holds back ptxas, which else starts on the next step's operands and spills
    differentiate(dp, w, column);
    add(first_, dp, 0, column);
  }

  /// result += scores X, X the 32 columns of tile `which` of the walked side.
  UVIC_DEVICE void add(Result& result, const Scores& scores, int which, int column) const {
    UVIC_UNROLL
    for (int group = 0; group < kGroups; ++group) {
      uint32_t a[kRowTiles][4];
      pack_a<T, M>(a, scores, group);
      accumulate<T, D, M>(result, a, ring(which, column), 16 * group);
    }
  }

  UVIC_DEVICE void hide(Scores& s, int column) const {
    const int lane = M::thread() % 32;
    UVIC_UNROLL
    for (int m = 0; m < kRowTiles; ++m) {
      UVIC_UNROLL
      for (int n = 0; n < 2 * kGroups; ++n) {
        UVIC_UNROLL
        for (int i = 0; i < 4; ++i) {
          const int r = warp_row_ + 16 * m + accumulator_row(lane, i);
          const int c = column + 8 * n + accumulator_column(lane, i);
          if (kKeyRows ? c < first_column(r) : c >= end_column(r)) s[m][n][i] = Kind::kHidden;
        }
      }
    }
  }

  /// lse log2 e (`which` 0) or row_dot (1) of the query at a lane's element (m, n, i).
  UVIC_DEVICE float statistic(int which, int column, int m, int n, int i) const {
    if constexpr (kKeyRows)
      return ring_statistics(column)[2 * (8 * n + accumulator_column(M::thread() % 32, i)) + which];
    else
      return statistics_[m][i / 2][which];
  }

  /// Scores become weights.
  UVIC_DEVICE void weigh(Scores& s, int column) const {
    UVIC_UNROLL
    for (int n = 0; n < 2 * kGroups; ++n) {
      UVIC_UNROLL
      for (int m = 0; m < kRowTiles; ++m) {
        UVIC_UNROLL
        for (int i = 0; i < 4; ++i) {
          float& x = s[m][n][i];
          x = Kind::weight(x, M::exp2(Kind::bound(x) * p_.scale_log2e - statistic(0, column, m, n, i)));
        }
      }
    }
  }

  /// dW becomes dP / scale.
  UVIC_DEVICE void differentiate(Scores& dw, const Scores& w, int column) const {
    UVIC_UNROLL
    for (int n = 0; n < 2 * kGroups; ++n) {
      UVIC_UNROLL
      for (int m = 0; m < kRowTiles; ++m) {
        UVIC_UNROLL
        for (int i = 0; i < 4; ++i)
          dw[m][n][i] = Kind::gradient(w[m][n][i], dw[m][n][i], statistic(1, column, m, n, i));
      }
    }
  }

  UVIC_DEVICE void finish() {
    const int count = end_row_ - warp_row_;
    store(kKeyRows ? g_.grad_k : g_.grad_q, 0, first_, p_.scale, count);
    if constexpr (kKeyRows) store(g_.grad_v, 1, second_, 1, count);
  }

  UVIC_DEVICE void store(const View& view, int which, const Result& result, float factor, int count) {
    float factors[kRowTiles][2];
    UVIC_UNROLL
    for (int m = 0; m < kRowTiles; ++m) factors[m][0] = factors[m][1] = factor;
    store_rows<T, D, M>(rows(view, warp_row_, count), warp_rows(which), result, factors);
  }

  const Problem& p_;
  const Gradients& g_;
  unsigned char* const shared_;
  const int shift_;
  int b_, h_, origin_, columns_;  ///< of the place; rows and columns count from origin_
  int first_row_, end_row_, warp_row_;
  float statistics_[kRowTiles][2][2];  ///< of the rows, where these are queries
  Result first_ = {};                  ///< dQ or dK, without scale
  Result second_ = {};                 ///< dV
};

}  // namespace uvic::cuda

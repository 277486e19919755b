// float: the same walks as forward.cuh and backward.cuh with exact products. Slower, for the comparison with
// the reference and for training that wants float.
#pragma once
#include "kernels/cuda/exact_tile.cuh"
#include "kernels/cuda/weighing.cuh"

namespace uvic::cuda {

/// One block: 64 rows of O.
template <class Kind, int D, class M>
UVIC_DEVICE void exact_forward(const Problem& p, float* shared) {
  using Shape = ExactShape<D>;
  constexpr int kI = Shape::kRows / 16, kJ = Shape::kColumns / 16;
  const Place place = place_of_block<false, M>(p, Shape::kRows);
  const int first = (place.tiles - 1 - place.tile) * Shape::kRows;
  const int y = M::thread() / 16, x = M::thread() % 16;
  float* const q = shared;
  float* const k = q + Shape::kRows * Shape::kStride;
  float* const v = k + Shape::kColumns * Shape::kStride;
  float* const scores = v + Shape::kColumns * Shape::kStride;
  const auto seen_by = [&](int row) {
    return p.causal ? smaller(row + 1 + place.keys - place.queries, place.keys) : place.keys;
  };
  load_exact<D, Shape::kRows, M>(q, p.q, place, first, place.queries - first);
  ExactResult<D> out = {};
  float reference[kI], sum[kI] = {};
  UVIC_UNROLL
  for (int i = 0; i < kI; ++i) reference[i] = Kind::kStart;
  const int end = seen_by(smaller(first + Shape::kRows, place.queries) - 1);
  for (int key = 0; key < end; key += Shape::kColumns) {
    M::sync();
    load_exact<D, Shape::kColumns, M>(k, p.k, place, key, place.keys - key);
    load_exact<D, Shape::kColumns, M>(v, p.v, place, key, place.keys - key);
    M::sync();
    ExactScores<D> s = {};
    multiply_exact<D, M>(s, q, k);
    UVIC_UNROLL
    for (int i = 0; i < kI; ++i) {
      const int seen = seen_by(first + y + 16 * i);
      float largest = Kind::kStart;
      UVIC_UNROLL
      for (int j = 0; j < kJ; ++j)
        if (key + x + 16 * j < seen) largest = fmaxf(largest, Kind::bound(s[i][j]));
      UVIC_UNROLL
      for (int mask = 1; mask < 16; mask *= 2) largest = fmaxf(largest, M::shuffle_xor(largest, mask));
      const float raised = fmaxf(reference[i], largest * p.scale_log2e);
      const float factor = exp2f(reference[i] - raised);
      reference[i] = raised;
      sum[i] *= factor;
      UVIC_UNROLL
      for (int j = 0; j < Shape::kPadded / 16; ++j) out[i][j] *= factor;
      UVIC_UNROLL
      for (int j = 0; j < kJ; ++j) {
        const float e = key + x + 16 * j < seen ? exp2f(Kind::bound(s[i][j]) * p.scale_log2e - raised) : 0;
        sum[i] += e;
        s[i][j] = Kind::weight(s[i][j], e);
      }
    }
    accumulate_exact<D, M>(out, scores, s, v);
  }
  float inverse[kI];
  UVIC_UNROLL
  for (int i = 0; i < kI; ++i) {
    UVIC_UNROLL
    for (int mask = 1; mask < 16; mask *= 2) sum[i] += M::shuffle_xor(sum[i], mask);
    inverse[i] = 1 / sum[i];
    const int row = first + y + 16 * i;
    if (x == 0 && row < place.queries)
      p.lse[(int64_t(place.b) * p.heads + place.h) * p.queries + place.origin + row] =
          (reference[i] + log2f(sum[i])) * kLn2;
  }
  store_exact<D, M>(p.out, place, first, place.queries - first, out, inverse);
}

/// One block: 64 rows of dQ, or with kKeyRows of dK and dV; see backward.cuh.
template <class Kind, int D, bool kKeyRows, class M>
UVIC_DEVICE void exact_backward(const Problem& p, const Gradients& g, float* shared) {
  using Shape = ExactShape<D>;
  constexpr int kI = Shape::kRows / 16, kJ = Shape::kColumns / 16;
  const Place place = place_of_block<kKeyRows, M>(p, Shape::kRows);
  const int rows = kKeyRows ? place.keys : place.queries, columns = kKeyRows ? place.queries : place.keys;
  const int shift = place.keys - place.queries, first = place.tile * Shape::kRows;
  const int y = M::thread() / 16, x = M::thread() % 16;
  float* const row_a = shared;
  float* const row_b = row_a + Shape::kRows * Shape::kStride;
  float* const column_a = row_b + Shape::kRows * Shape::kStride;
  float* const column_b = column_a + Shape::kColumns * Shape::kStride;
  float* const scores = column_b + Shape::kColumns * Shape::kStride;
  load_exact<D, Shape::kRows, M>(row_a, kKeyRows ? p.k : p.q, place, first, rows - first);
  load_exact<D, Shape::kRows, M>(row_b, kKeyRows ? p.v : g.grad_out, place, first, rows - first);
  const float* const statistics =
      g.statistics + 2 * ((int64_t(place.b) * p.heads + place.h) * p.queries + place.origin);
  ExactResult<D> result_a = {}, result_b = {};
  for (int column = 0; column < columns; column += Shape::kColumns) {
    const int last_column = smaller(column + Shape::kColumns, columns) - 1;
    const int last_row = smaller(first + Shape::kRows, rows) - 1;
    if (p.causal && (kKeyRows ? first > last_column + shift : column > last_row + shift)) continue;
    M::sync();
    load_exact<D, Shape::kColumns, M>(column_a, kKeyRows ? p.q : p.k, place, column, columns - column);
    load_exact<D, Shape::kColumns, M>(column_b, kKeyRows ? g.grad_out : p.v, place, column, columns - column);
    M::sync();
    ExactScores<D> w = {}, dp = {};
    multiply_exact<D, M>(w, row_a, column_a);
    multiply_exact<D, M>(dp, row_b, column_b);
    UVIC_UNROLL
    for (int i = 0; i < kI; ++i) {
      UVIC_UNROLL
      for (int j = 0; j < kJ; ++j) {
        const int r = first + y + 16 * i, c = column + x + 16 * j;
        const int query = kKeyRows ? c : r, key = kKeyRows ? r : c;
        const bool seen = query < place.queries && key < place.keys && (!p.causal || key <= query + shift);
        const float s = w[i][j];
        w[i][j] = seen ? Kind::weight(s, exp2f(Kind::bound(s) * p.scale_log2e - statistics[2 * query])) : 0;
        dp[i][j] = seen ? Kind::gradient(w[i][j], dp[i][j], statistics[2 * query + 1]) : 0;
      }
    }
    accumulate_exact<D, M>(result_a, scores, dp, column_a);
    if constexpr (kKeyRows) accumulate_exact<D, M>(result_b, scores, w, column_b);
  }
  const float scale[kI] = {p.scale, p.scale, p.scale, p.scale}, one[kI] = {1, 1, 1, 1};
  store_exact<D, M>(kKeyRows ? g.grad_k : g.grad_q, place, first, rows - first, result_a, scale);
  if constexpr (kKeyRows) store_exact<D, M>(g.grad_v, place, first, rows - first, result_b, one);
}

}  // namespace uvic::cuda

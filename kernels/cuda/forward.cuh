// The forward kernel for float16 and bfloat16: one block computes 128 rows of O of one (b, h), 32 a warp,
// walking over the keys in steps of 64 with an online softmax of bound(P) (weighing.cuh).
//
// Everything is in powers of two: with c = scale log2(e), a weight is made of 2^(c bound(s) - m) / sum, s the
// unscaled score in float. m starts at a lower bound of every row's maximum, becomes the maximum of the first
// step, and is then raised only where some score passes it by kSlack: weights stay under 2^kSlack,
// which float16 holds too, and rows of ordinary scores rescale O once. sum and O carry the same factor 2^-m,
// so the quotient is what it would be with the true maximum. (Why not stay at the start at first: the
// largest weight of a row would be rounded where it now is 1.)
#pragma once
#include "kernels/cuda/place.cuh"
#include "kernels/cuda/shapes.h"
#include "kernels/cuda/warp_tile.cuh"
#include "kernels/cuda/weighing.cuh"

namespace uvic::cuda {

template <class Kind, class T, int D, class M>
class Forward {
  using Tile = SharedTile<D>;
  using Shape = ForwardShape<D>;
  static constexpr int kRowTiles = Shape::kRowTiles, kGroups = Shape::kSubKeys / 16;
  static constexpr float kSlack = 8;

 public:
  UVIC_DEVICE Forward(const Problem& problem, unsigned char* shared) : p_(problem), shared_(shared) {
    const Place place = place_of_block<false, M>(p_, Shape::kRows);
    b_ = place.b, h_ = place.h, origin_ = place.origin, keys_ = place.keys;
    const int rows = balanced_rows(place.queries, Shape::kRows, 16 * kRowTiles);
    // Under a causal mask the last rows see the most keys: they start first.
    first_row_ = (place.tiles - 1 - place.tile) * rows;
    end_row_ = smaller(first_row_ + rows, place.queries);
    warp_row_ = first_row_ + M::warp() * 16 * kRowTiles;
    UVIC_UNROLL
    for (int m = 0; m < kRowTiles; ++m) reference_[m][0] = reference_[m][1] = Kind::kStart;
  }

  UVIC_DEVICE void run() {
    load_rows<D, Shape::kRows, Shape::kThreads, M>(shared_, rows(p_.q, first_row_, end_row_ - first_row_));
    const int steps = ceil_div(seen_by(end_row_ - 1), Shape::kKeys);
    load_keys(0);
    UVIC_ROLLED
    for (int step = 0; step < steps; ++step) {
      M::wait();
      M::sync();  // step's keys have arrived, and nobody reads the other stage any more
      if (step + 1 < steps) load_keys(step + 1);
      if constexpr (Shape::kQueryInRegisters)
        if (step == 0) load_queries();
      const int seen = warp_row_ < end_row_ ? seen_by(warp_row_ + 16 * kRowTiles - 1) : 0;
      const int end = smaller((step + 1) * Shape::kKeys, seen);
      UVIC_ROLLED
      for (int key = step * Shape::kKeys; key < end; key += Shape::kSubKeys) {
        if (key + Shape::kSubKeys <= seen_by(warp_row_))
          walk<false>(key, seen);
        else
          walk<true>(key, seen);
      }
    }
    if (warp_row_ < end_row_) finish();
  }

 private:
  /// Keys that a query sees: the first so many.
  UVIC_DEVICE int seen_by(int row) const {
    return p_.causal ? smaller(row + 1 + p_.keys - p_.queries, keys_) : keys_;
  }
  UVIC_DEVICE Rows rows(const View& view, int first, int count) const {
    return rows_of(view, b_, h_, origin_ + first, count);
  }

  // K and V are rings of kStages kKeys rows.
  static constexpr int kRing = Shape::kStages * Shape::kKeys;
  UVIC_DEVICE unsigned char* ring_k(int key) const {
    return shared_ + (Shape::kRows + key % kRing) * Tile::kRowBytes;
  }
  UVIC_DEVICE unsigned char* ring_v(int key) const { return ring_k(key) + kRing * Tile::kRowBytes; }

  UVIC_DEVICE void load_keys(int step) {
    const int key = step * Shape::kKeys;
    load_rows<D, Shape::kKeys, Shape::kThreads, M>(ring_k(key), rows(p_.k, key, keys_ - key));
    load_rows<D, Shape::kKeys, Shape::kThreads, M>(ring_v(key), rows(p_.v, key, keys_ - key));
    M::commit();
  }

  UVIC_DEVICE unsigned char* warp_queries() const {
    return shared_ + (warp_row_ - first_row_) * Tile::kRowBytes;
  }

  UVIC_DEVICE void load_queries() {
    UVIC_UNROLL
    for (int step = 0; step < Tile::kSteps; ++step) {
      UVIC_UNROLL
      for (int m = 0; m < kRowTiles; ++m) load_a<D, M>(q_[step][m], warp_queries(), 16 * m, step);
    }
  }

  /// The keys [key, key + kSubKeys). kPartial: some are hidden from some rows; `seen` of the warp's last row
  /// bounds them.
  template <bool kPartial>
  UVIC_DEVICE void walk(int key, int seen) {
    const int groups = kPartial ? smaller(ceil_div(seen - key, 16), kGroups) : kGroups;
    float s[kRowTiles][2 * kGroups][4] = {};
    UVIC_UNROLL
    for (int step = 0; step < Tile::kSteps; ++step) {
      if constexpr (!Shape::kQueryInRegisters) {
        UVIC_UNROLL
        for (int m = 0; m < kRowTiles; ++m) load_a<D, M>(q_[0][m], warp_queries(), 16 * m, step);
      }
      UVIC_UNROLL
      for (int group = 0; group < kGroups; ++group) {
        if (kPartial && group >= groups) continue;
        uint32_t b[4];
        load_b<D, M>(b, ring_k(key), 16 * group, step);
        multiply_group<T, M>(s, q_[Shape::kQueryInRegisters ? step : 0], b, group);
      }
    }
    if constexpr (kPartial) hide(s, key);
    if (scan(s) || kPartial)
      weigh<true>(s, key);
    else
      weigh<false>(s, key);
    UVIC_UNROLL
    for (int group = 0; group < kGroups; ++group) {
      if (kPartial && group >= groups) continue;
      uint32_t w[kRowTiles][4];
      pack_a<T, M>(w, s, group);
      accumulate<T, D, M>(out_, w, ring_v(key), 16 * group);
    }
  }

  UVIC_DEVICE int row(int m, int half) const {
    return warp_row_ + 16 * m + accumulator_row(M::thread() % 32, 2 * half);
  }
  UVIC_DEVICE int column(int n, int i) const { return 8 * n + accumulator_column(M::thread() % 32, i); }

  /// Makes hidden scores such that no maximum notices them and they weigh nothing.
  UVIC_DEVICE void hide(float (&s)[kRowTiles][2 * kGroups][4], int key) const {
    UVIC_UNROLL
    for (int m = 0; m < kRowTiles; ++m) {
      UVIC_UNROLL
      for (int n = 0; n < 2 * kGroups; ++n) {
        UVIC_UNROLL
        for (int i = 0; i < 4; ++i)
          if (key + column(n, i) >= seen_by(row(m, i / 2))) s[m][n][i] = Kind::kHidden;
      }
    }
  }

  /// Raises m where scores ask for it; whether any score of the warp is 0 and that is rare.
  UVIC_DEVICE bool scan(const float (&s)[kRowTiles][2 * kGroups][4]) {
    bool raise = false;
    float largest[kRowTiles][2], smallest = 1;  // chains: predicates would cost three times as much
    UVIC_UNROLL
    for (int m = 0; m < kRowTiles; ++m) {
      largest[m][0] = largest[m][1] = Kind::kStart;
      UVIC_UNROLL
      for (int n = 0; n < 2 * kGroups; ++n) {
        UVIC_UNROLL
        for (int i = 0; i < 4; ++i) {
          largest[m][i / 2] = fmaxf(largest[m][i / 2], Kind::bound(s[m][n][i]));
          if constexpr (Kind::kZeroIsRare) smallest = fminf(smallest, fabsf(s[m][n][i]));
        }
      }
      UVIC_UNROLL
      for (int half = 0; half < 2; ++half)
        raise |= largest[m][half] * p_.scale_log2e > reference_[m][half] + slack_;
    }
    if (M::any(raise)) rescale(largest);
    slack_ = kSlack;
    return Kind::kZeroIsRare && M::any(smallest == 0);
  }

  UVIC_DEVICE void rescale(float (&largest)[kRowTiles][2]) {
    UVIC_UNROLL
    for (int m = 0; m < kRowTiles; ++m) {
      UVIC_UNROLL
      for (int half = 0; half < 2; ++half) {
        float& x = largest[m][half];
        x = fmaxf(x, M::shuffle_xor(x, 1));
        x = fmaxf(x, M::shuffle_xor(x, 2));
        const float raised = fmaxf(reference_[m][half], x * p_.scale_log2e);
        const float factor = M::exp2(reference_[m][half] - raised);
        reference_[m][half] = raised;
        sum_[m][half] *= factor;
        UVIC_UNROLL
        for (int n = 0; n < Tile::kChunks; ++n) {
          out_[m][n][2 * half] *= factor;
          out_[m][n][2 * half + 1] *= factor;
        }
      }
    }
  }

  /// Scores become weights, times 2^m sum. kRare: there are zero or hidden scores; a visible zero may weigh
  /// nothing (sign(0) = 0), yet counts in the sum.
  template <bool kRare>
  UVIC_DEVICE void weigh(float (&s)[kRowTiles][2 * kGroups][4], int key) {
    UVIC_UNROLL
    for (int m = 0; m < kRowTiles; ++m) {
      UVIC_UNROLL
      for (int n = 0; n < 2 * kGroups; ++n) {
        UVIC_UNROLL
        for (int i = 0; i < 4; ++i) {
          float& x = s[m][n][i];
          const float e = M::exp2(Kind::bound(x) * p_.scale_log2e - reference_[m][i / 2]);
          const bool counts = !kRare || key + column(n, i) < seen_by(row(m, i / 2));
          sum_[m][i / 2] += counts ? e : 0;
          x = Kind::template weight<kRare>(x, e);
        }
      }
    }
  }

  UVIC_DEVICE void finish() {
    const int lane = M::thread() % 32;
    float inverse[kRowTiles][2];
    UVIC_UNROLL
    for (int m = 0; m < kRowTiles; ++m) {
      UVIC_UNROLL
      for (int half = 0; half < 2; ++half) {
        float sum = sum_[m][half];
        sum += M::shuffle_xor(sum, 1);
        sum += M::shuffle_xor(sum, 2);
        inverse[m][half] = M::reciprocal(sum);
        if (lane % 4 == 0 && row(m, half) < end_row_)
          p_.lse[(int64_t(b_) * p_.heads + h_) * p_.queries + origin_ + row(m, half)] =
              (reference_[m][half] + log2f(sum)) * kLn2;
      }
    }
    store_rows<T, D, M>(rows(p_.out, warp_row_, end_row_ - warp_row_), warp_queries(), out_, inverse);
  }

  const Problem& p_;
  unsigned char* const shared_;  ///< Q, then the rings of K and V
  int b_, h_, origin_, keys_;    ///< of the place; rows and keys count from origin_
  int first_row_, end_row_, warp_row_;
  uint32_t q_[Shape::kQueryInRegisters ? Tile::kSteps : 1][kRowTiles][4];
  float out_[kRowTiles][Tile::kChunks][4] = {};
  float reference_[kRowTiles][2];  ///< m
  float slack_ = 0;                ///< kSlack after the first step
  float sum_[kRowTiles][2] = {};   ///< of the lane's own columns
};

}  // namespace uvic::cuda

// Moving tiles: global to shared memory, shared memory to mma registers, accumulators back to global memory.
#pragma once
#include "kernels/cuda/params.h"
#include "kernels/cuda/tile.h"

namespace uvic::cuda {

/// Rows of one (b, h) of a View: `count` may be less than the tile (or not positive); what lies past it is
/// neither read nor written.
struct Rows {
  uint16_t* data;
  int64_t stride;
  int count;
};

UVIC_DEVICE Rows rows_of(const View& view, int b, int h, int first, int count) {
  return {static_cast<uint16_t*>(view.data) + b * view.batch_stride + h * view.head_stride +
              first * view.row_stride,
          view.row_stride, count};
}

/// The block's threads start copying rows [0, kRows) x D to shared memory, zeros where there are none.
template <int D, int kRows, int kThreads, class M>
UVIC_DEVICE void load_rows(unsigned char* shared, const Rows& rows) {
  using Tile = SharedTile<D>;
  static_assert(kRows * Tile::kChunks % kThreads == 0);
  const int thread = M::thread_now();  // copies are rare: their addresses would cost 10 registers all along
  UVIC_UNROLL
  for (int i = 0; i < kRows * Tile::kChunks / kThreads; ++i) {
    int row = (thread + i * kThreads) / Tile::kChunks, chunk = (thread + i * kThreads) % Tile::kChunks;
    if constexpr (kThreads % Tile::kChunks ==
                  0) {  // the same, in one register each instead of one an iteration
      row = thread / Tile::kChunks + i * (kThreads / Tile::kChunks);
      chunk = thread % Tile::kChunks;
    }
    const bool valid = row < rows.count && chunk < Tile::kGlobalChunks;
    M::copy16(shared + Tile::offset(row, chunk), rows.data + row * rows.stride + chunk * 8, valid);
  }
}

/// Registers of the 16 x 16 A operand at (row, 16 step): `row` a multiple of 16.
template <int D, class M>
UVIC_DEVICE void load_a(uint32_t (&r)[4], const unsigned char* shared, int row, int step) {
  const LaneAddress lane = lane_address_a(M::thread() % 32);
  M::load_matrix(
      r, shared + row * SharedTile<D>::kRowBytes + SharedTile<D>::offset(lane.row, 2 * step ^ lane.chunk));
}

/// B operand [16 of D, 16 rows] of a tile that is multiplied as its transpose (scores).
template <int D, class M>
UVIC_DEVICE void load_b(uint32_t (&r)[4], const unsigned char* shared, int row, int step) {
  const LaneAddress lane = lane_address_b(M::thread() % 32);
  M::load_matrix(
      r, shared + row * SharedTile<D>::kRowBytes + SharedTile<D>::offset(lane.row, 2 * step ^ lane.chunk));
}

/// B operand [16 rows, 16 of D] of a tile that is multiplied as it is (results).
template <int D, class M>
UVIC_DEVICE void load_b_transposed(uint32_t (&r)[4], const unsigned char* shared, int row, int step) {
  const LaneAddress lane = lane_address_a(M::thread() % 32);
  M::load_matrix_transposed(
      r, shared + row * SharedTile<D>::kRowBytes + SharedTile<D>::offset(lane.row, 2 * step ^ lane.chunk));
}

/// scores[16 kRowTiles, 16 (g + 1)] += A B^T along D for one 16-column group of B's rows.
template <class T, class M, int kRowTiles, int kTiles>
UVIC_DEVICE void multiply_group(float (&c)[kRowTiles][kTiles][4], const uint32_t (&a)[kRowTiles][4],
                                const uint32_t (&b)[4], int group) {
  UVIC_UNROLL
  for (int m = 0; m < kRowTiles; ++m) {
    M::template mma<T>(c[m][2 * group], a[m], b[0], b[1]);
    M::template mma<T>(c[m][2 * group + 1], a[m], b[2], b[3]);
  }
}

/// The 16 x 16 block of columns 16 group .. of an accumulator, rounded to an A operand.
template <class T, class M, int kRowTiles, int kTiles>
UVIC_DEVICE void pack_a(uint32_t (&a)[kRowTiles][4], const float (&c)[kRowTiles][kTiles][4], int group) {
  UVIC_UNROLL
  for (int m = 0; m < kRowTiles; ++m) {
    UVIC_UNROLL
    for (int i = 0; i < 4; ++i) {
      const float(&pair)[4] = c[m][2 * group + i / 2];
      a[m][i] = M::template pack<T>(pair[i % 2 * 2], pair[i % 2 * 2 + 1]);
    }
  }
}

/// result[16 kRowTiles, D] += W[:, group] X, X the 16 rows from `row` of a tile in shared memory.
template <class T, int D, class M, int kRowTiles>
UVIC_DEVICE void accumulate(float (&result)[kRowTiles][SharedTile<D>::kChunks][4],
                            const uint32_t (&w)[kRowTiles][4], const unsigned char* shared, int row) {
  UVIC_UNROLL
  for (int step = 0; step < SharedTile<D>::kSteps; ++step) {
    uint32_t b[4];
    load_b_transposed<D, M>(b, shared, row, step);
    multiply_group<T, M>(result, w, b, step);
  }
}

/// Writes a warp's rows: accumulators times factor[m][half], rounded, through `shared` (16 kRowTiles rows
/// that only this warp uses), so that global memory sees whole 16-byte chunks.
template <class T, int D, class M, int kRowTiles>
UVIC_DEVICE void store_rows(const Rows& rows, unsigned char* shared,
                            const float (&c)[kRowTiles][SharedTile<D>::kChunks][4],
                            const float (&factor)[kRowTiles][2]) {
  using Tile = SharedTile<D>;
  const int lane = M::thread() % 32;
  M::sync_warp();  // every lane is done with what the rows held
  UVIC_UNROLL
  for (int m = 0; m < kRowTiles; ++m) {
    UVIC_UNROLL
    for (int n = 0; n < Tile::kChunks; ++n) {
      UVIC_UNROLL
      for (int half = 0; half < 2; ++half) {
        const int row = 16 * m + accumulator_row(lane, 2 * half);
        *reinterpret_cast<uint32_t*>(shared + Tile::offset(row, n) + lane % 4 * 4) =
            M::template pack<T>(c[m][n][2 * half] * factor[m][half], c[m][n][2 * half + 1] * factor[m][half]);
      }
    }
  }
  M::sync_warp();
  for (int i = lane; i < 16 * kRowTiles * Tile::kGlobalChunks; i += 32) {
    const int row = i / Tile::kGlobalChunks, chunk = i % Tile::kGlobalChunks;
    if (row < rows.count)
      *reinterpret_cast<Chunk*>(rows.data + row * rows.stride + chunk * 8) =
          *reinterpret_cast<const Chunk*>(shared + Tile::offset(row, chunk));
  }
}

}  // namespace uvic::cuda

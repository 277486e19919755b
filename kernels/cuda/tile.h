// Index maps of the tensor-core kernels: shared-memory tiles and the registers of mma.sync.m16n8k16. Pure
// arithmetic, tested on the CPU.
#pragma once
#include "kernels/cuda/device.h"

namespace uvic::cuda {

/// A tile of [rows, D] 2-byte elements in shared memory, D padded to the 16 of an mma step, in 16-byte
/// chunks. ldmatrix reads the same logical chunk of 8 consecutive rows at a time; the XOR spreads these over
/// the eight 16-byte banks for any number of chunks a row: with 2^k = gcd(chunks, 8), rows 8 / 2^k apart meet
/// in the same bank group, and their low k chunk bits are made to differ.
template <int D>
struct SharedTile {
  static_assert(D % 8 == 0, "rows are copied in 16-byte chunks");
  static constexpr int kPadded = ceil_div(D, 16) * 16;
  static constexpr int kChunks = kPadded / 8;  ///< of a row in shared memory
  static constexpr int kGlobalChunks = D / 8;  ///< of a row in global memory; the others are zeros
  static constexpr int kSteps = kPadded / 16;  ///< mma steps along D
  static constexpr int kRowBytes = kPadded * 2;
  static constexpr int kBits = kChunks % 8 == 0 ? 8 : kChunks % 4 == 0 ? 4 : 2;
  static_assert(kChunks % kBits == 0, "the XOR must stay inside the row");

  static constexpr UVIC_HOST_DEVICE int swizzle(int row, int chunk) {
    return chunk ^ (row / (8 / kBits) % kBits);
  }
  /// Byte offset of a chunk. swizzle has period 8 in `row`, so a caller may add whole groups of 8 rows apart.
  static constexpr UVIC_HOST_DEVICE int offset(int row, int chunk) {
    return row * kRowBytes + swizzle(row, chunk) * 16;
  }
};

/// Which row and chunk (relative to a 16 x 16 block) a lane addresses for ldmatrix.x4, so that register i of
/// the result is what mma expects.
struct LaneAddress {
  int row, chunk;
};
/// A operand, row-major: registers (rows 0-7, k 0-7), (8-15, 0-7), (0-7, 8-15), (8-15, 8-15). The transposed
/// load of a B operand stored k-major [16 k, 16 n] has the same addresses: registers are then b0, b1 of
/// columns 0-7 and b0, b1 of columns 8-15.
constexpr UVIC_HOST_DEVICE LaneAddress lane_address_a(int lane) {
  return {lane % 16, lane / 16};
}
/// B operand stored n-major [16 n, 16 k]: registers are b0, b1 of columns 0-7 and b0, b1 of columns 8-15.
constexpr UVIC_HOST_DEVICE LaneAddress lane_address_b(int lane) {
  return {lane % 8 + lane / 16 * 8, lane / 8 % 2};
}

/// Element i (0..3) of a lane's 16 x 8 accumulator: its row and column.
constexpr UVIC_HOST_DEVICE int accumulator_row(int lane, int i) {
  return lane / 4 + i / 2 * 8;
}
constexpr UVIC_HOST_DEVICE int accumulator_column(int lane, int i) {
  return lane % 4 * 2 + i % 2;
}

}  // namespace uvic::cuda

// What the float kernels share: tiles of floats in shared memory and their products by plain multiply-adds
// (no TF32). 256 threads stand as 16 x 16: thread (y, x) owns rows y + 16 i and columns x + 16 j. The 16
// threads of one y are half a warp.
#pragma once
#include "kernels/cuda/place.cuh"
#include "kernels/cuda/shapes.h"

namespace uvic::cuda {

UVIC_DEVICE int64_t offset_of(const View& view, const Place& place, int first) {
  return place.b * view.batch_stride + place.h * view.head_stride + (place.origin + first) * view.row_stride;
}

/// D is padded with zeros; so are rows past `count`.
template <int D, int kRows, class M>
UVIC_DEVICE void load_exact(float* shared, const View& view, const Place& place, int first, int count) {
  using Shape = ExactShape<D>;
  const float* const data = static_cast<const float*>(view.data) + offset_of(view, place, first);
  for (int i = M::thread(); i < kRows * Shape::kPadded; i += Shape::kThreads) {
    const int row = i / Shape::kPadded, d = i % Shape::kPadded;
    shared[row * Shape::kStride + d] = row < count && d < D ? data[row * view.row_stride + d] : 0;
  }
}

template <int D>
using ExactScores = float[ExactShape<D>::kRows / 16][ExactShape<D>::kColumns / 16];
template <int D>
using ExactResult = float[ExactShape<D>::kRows / 16][ExactShape<D>::kPadded / 16];

/// c = A B^T for this thread's rows and columns.
template <int D, class M>
UVIC_DEVICE void multiply_exact(ExactScores<D>& c, const float* a, const float* b) {
  const int y = M::thread() / 16, x = M::thread() % 16;
  for (int d = 0; d < ExactShape<D>::kPadded; ++d) {
    UVIC_UNROLL
    for (int i = 0; i < ExactShape<D>::kRows / 16; ++i) {
      UVIC_UNROLL
      for (int j = 0; j < ExactShape<D>::kColumns / 16; ++j)
        c[i][j] +=
            a[(y + 16 * i) * ExactShape<D>::kStride + d] * b[(x + 16 * j) * ExactShape<D>::kStride + d];
    }
  }
}

/// result += W B, W the rows of `scores` in shared memory, written here by their owners: the threads of one
/// y, which are of one warp.
template <int D, class M>
UVIC_DEVICE void accumulate_exact(ExactResult<D>& result, float* scores, const ExactScores<D>& w,
                                  const float* b) {
  using Shape = ExactShape<D>;
  const int y = M::thread() / 16, x = M::thread() % 16;
  M::sync_warp();
  UVIC_UNROLL
  for (int i = 0; i < Shape::kRows / 16; ++i) {
    UVIC_UNROLL
    for (int j = 0; j < Shape::kColumns / 16; ++j)
      scores[(y + 16 * i) * Shape::kScoreStride + x + 16 * j] = w[i][j];
  }
  M::sync_warp();
  for (int column = 0; column < Shape::kColumns; ++column) {
    UVIC_UNROLL
    for (int i = 0; i < Shape::kRows / 16; ++i) {
      const float weight = scores[(y + 16 * i) * Shape::kScoreStride + column];
      UVIC_UNROLL
      for (int j = 0; j < Shape::kPadded / 16; ++j)
        result[i][j] += weight * b[column * Shape::kStride + x + 16 * j];
    }
  }
}

template <int D, class M>
UVIC_DEVICE void store_exact(const View& view, const Place& place, int first, int count,
                             const ExactResult<D>& result, const float (&factor)[ExactShape<D>::kRows / 16]) {
  const int y = M::thread() / 16, x = M::thread() % 16;
  float* const data = static_cast<float*>(view.data) + offset_of(view, place, first);
  UVIC_UNROLL
  for (int i = 0; i < ExactShape<D>::kRows / 16; ++i) {
    UVIC_UNROLL
    for (int j = 0; j < ExactShape<D>::kPadded / 16; ++j)
      if (y + 16 * i < count && x + 16 * j < D)
        data[(y + 16 * i) * view.row_stride + x + 16 * j] = result[i][j] * factor[i];
  }
}

}  // namespace uvic::cuda

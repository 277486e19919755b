// The passes of block_rows.cuh as nvcc wants them, and their launch.
#include "kernels/cuda/block_rows.cuh"
#include "kernels/cuda/block_rows.h"
#include "kernels/cuda/machine.cuh"

namespace uvic::cuda {
namespace {

template <class T>
__global__ void __launch_bounds__(kMostRowThreads)
    residual_kernel(const __grid_constant__ ResidualRows p, int64_t rows) {
  __shared__ float sums[kSharedSums];
  residual_rows<T, Gpu>(p, rows, sums);
}

template <class T>
__global__ void __launch_bounds__(kMostRowThreads)
    residual_backward_kernel(const __grid_constant__ ResidualGrads p, int64_t rows) {
  __shared__ float sums[kSharedSums];
  residual_rows_backward<T, Gpu>(p, rows, sums);
}

template <class T, bool kBackward>
__global__ void __launch_bounds__(kGeluThreads)
    gelu_kernel(const __grid_constant__ GeluRows p, int64_t rows) {
  gelu_rows<T, kBackward, Gpu>(p, rows);
}

template <class T>
int launch_residual(const ResidualRows& p, int64_t rows, cudaStream_t stream) {
  residual_kernel<T><<<unsigned(blocks_of(rows, kRowsAtOnce)), row_threads(p.C), 0, stream>>>(p, rows);
  return cudaGetLastError();
}

template <class T>
int launch_residual_backward(const ResidualGrads& p, int64_t rows, cudaStream_t stream) {
  residual_backward_kernel<T>
      <<<unsigned(blocks_of(rows, kRowsOfAnItem)), row_threads(p.C), 0, stream>>>(p, rows);
  return cudaGetLastError();
}

template <class T, bool kBackward>
int launch_gelu(const GeluRows& p, int64_t rows, cudaStream_t stream) {
  const int64_t blocks = blocks_of(p.C, kGeluColumns) * blocks_of(rows, kRowsOfAnItem);
  gelu_kernel<T, kBackward><<<unsigned(blocks), kGeluThreads, 0, stream>>>(p, rows);
  return cudaGetLastError();
}

template <class T>
constexpr BlockRowKernels kernels_of() {
  return {launch_residual<T>, launch_residual_backward<T>, launch_gelu<T, false>, launch_gelu<T, true>};
}

}  // namespace

const BlockRowKernelSet kBlockRows = {kernels_of<Float>(), kernels_of<BFloat16>()};

}  // namespace uvic::cuda

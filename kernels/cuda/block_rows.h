// The door to block_rows.cuh, which nvcc and the host's compiler read: no ATen.
#pragma once
#include <functional>

#include "kernels/block_rows_problem.h"

struct CUstream_st;

namespace uvic::cuda {

/// Each queues one kernel on the current device and returns the cudaError_t of that, 0 for success: the pass
/// over so many rows of C numbers, C a multiple of 4, rows at most kMostColumns long but for GELU's;
/// everything 16-byte aligned.
struct BlockRowKernels {
  int (*residual)(const ResidualRows&, int64_t rows, CUstream_st*) = nullptr;
  int (*residual_backward)(const ResidualGrads&, int64_t rows, CUstream_st*) = nullptr;
  int (*gelu)(const GeluRows&, int64_t rows, CUstream_st*) = nullptr;
  int (*gelu_backward)(const GeluRows&, int64_t rows, CUstream_st*) = nullptr;
};
/// By what the products of matrices read and write.
struct BlockRowKernelSet {
  BlockRowKernels f32, bf16;
};
extern const BlockRowKernelSet kBlockRows;  ///< where there is CUDA

/// What a library with CUDA tells the one source that serves all: its kernels, and how to queue them.
struct BlockRowQueue {
  const BlockRowKernelSet* kernels = nullptr;  ///< null without CUDA
  /// Whether a GPU can run them: sm_80 and later. -1: the current one.
  bool (*serves)(int device) = nullptr;
  /// launch(stream), for the current stream of a GPU. c10::Error where it does not return 0.
  void (*queue)(int device, const std::function<int(CUstream_st*)>& launch) = nullptr;
};
BlockRowQueue& block_row_queue();

}  // namespace uvic::cuda

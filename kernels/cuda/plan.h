// What the host decides before a launch: which cases the CUDA kernels take, how big a launch is, what must be
// copied first. Plain host code, compiled and tested in every build, with CUDA or without.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>

#include "kernels/cuda/shapes.h"

namespace uvic::cuda {

/// Whether the kernels are in this library: asks the dispatcher.
bool built();

/// Empty if the kernels take this dtype and head size, else why not.
std::string coverage(at::ScalarType dtype, int64_t head_dim, bool have_kernels = built());

/// Empty if the kernels take a covered case of these sizes, else why not: 32-bit positions, and grid.x up to
/// 2^31 - 1.
std::string limits(at::ScalarType dtype, int64_t head_dim, int64_t batch, int64_t heads, int64_t queries,
                   int64_t keys);

/// Rows, threads and shared memory of a kernel for a covered case.
KernelShape kernel_shape(Pass pass, at::ScalarType dtype, int64_t head_dim);

/// Whether kernels can read x [B, H, N, D] where it lies: a contiguous last dimension, and address and
/// strides in multiples of 16 bytes, the unit of asynchronous copies. Other tensors are copied first.
bool readable_in_place(const at::Tensor& x);

/// x where it lies in memory, as the kernels want it.
View view_of(const at::Tensor& x);

}  // namespace uvic::cuda

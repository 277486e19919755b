// What the host knows before a launch: what there are kernels for, how big a launch is, what must be copied
// first. Plain host code, compiled and tested in every build, with CUDA or without.
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "kernels/choose.h"
#include "kernels/cuda/shapes.h"

namespace uvic::cuda {

/// Whether the kernels are in this library: asks the dispatcher.
bool built();

/// Whether a kind of attention has CUDA kernels, and a head size.
bool has_kernels(AttentionKind kind);
bool has_kernels(int64_t head_dim);
c10::ArrayRef<int> head_dims();

/// Blocks of the call's biggest launch or, with documents, a little more, for a dtype and a head size that
/// have kernels and sizes within 32 bits. A grid takes kMaxBlocks along x.
int64_t most_blocks(const AttentionCall& call);
inline constexpr int64_t kMaxBlocks = 0x7fffffff;

/// The tiles of up to `rows` positions of all documents: what a launch takes as Problem::tiles. `documents`
/// is what cu_seqlens holds, over rows of the batch of N positions.
std::vector<DocumentTile> document_tiles(at::IntArrayRef documents, int64_t N, int rows);

/// Rows, threads and shared memory of a kernel for a dtype and a head size that have kernels.
KernelShape kernel_shape(Pass pass, at::ScalarType dtype, int64_t head_dim);

/// Whether kernels can read x [B, H, N, D] where it lies: a contiguous last dimension, and address and
/// strides in multiples of 16 bytes, the unit of asynchronous copies. Other tensors are copied first.
bool readable_in_place(const at::Tensor& x);

/// x where it lies in memory, as the kernels want it.
View view_of(const at::Tensor& x);

}  // namespace uvic::cuda

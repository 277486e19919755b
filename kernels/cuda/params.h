// What the host hands to the CUDA kernels: plain structs, no ATen, so that nvcc never reads LibTorch's
// headers.
#pragma once
#include <cstdint>

namespace uvic::cuda {

constexpr float kLog2e = 1.4426950408889634f, kLn2 = 0.6931471805599453f;
/// Element types on the device; storage is 2, 2 and 4 bytes.
struct Half {};
struct BFloat16 {};
struct Float {};

/// A [B, H, rows, D] tensor: strides in elements, the last dimension contiguous. Batch strides pass 2^31.
struct View {
  void* data = nullptr;
  int64_t batch_stride = 0, head_stride = 0, row_stride = 0;
};

/// One tile of rows of one document: what a block of a call with documents works on.
struct DocumentTile {
  int batch, origin, length;  ///< the document: its row of the batch, its first position there, its positions
  int tile;                   ///< which of its tiles
};

/// The problem: P = scale Q K^T is [B, H, queries, keys]. Statistics are contiguous [B, H, queries], float.
struct Problem {
  View q, k, v, out;
  float* lse =
      nullptr;  ///< log sum_j exp |P_ij|, natural logarithm; written by the forward, read by the backward
  int batch = 0, heads = 0, queries = 0, keys = 0;
  float scale = 1, scale_log2e = kLog2e;  ///< > 0; and times log2(e), with which exp is a bare exp2
  bool causal = false;                    ///< query i sees keys j <= i + keys - queries; then keys >= queries
  /// Where attention is confined to documents: every tile of every one, in the device's memory, planned for
  /// the rows of the kernel that is launched; then keys == queries.
  const DocumentTile* tiles = nullptr;
  int tile_count = 0;
};

struct Gradients {
  View grad_out, grad_q, grad_k, grad_v;
  /// Scratch, [B, H, queries, 2]: lse log2(e) and row_dot = sum_d dO O, filled by the backward's first
  /// kernel.
  float* statistics = nullptr;
};

}  // namespace uvic::cuda

// Between the dispatch (ATen, one build) and the kernels (plain pointers, one build an instruction set).
#pragma once
#include <cstdint>

#include "kernels/attention_kind.h"

namespace uvic::cpu {

/// A [B, H, N, D] tensor whose last dimension is contiguous; strides in elements.
struct View {
  void* data = nullptr;
  int64_t batch = 0, head = 0, row = 0;
};

/// What forward and backward read and write: a call, or one document of it. N queries and M keys of every
/// one of `heads` heads; the tensors, [B, H, ...], may hold more heads and positions than these.
struct Problem {
  int64_t H = 0, N = 0, M = 0, D = 0;
  int64_t first_head = 0, heads = 0;  ///< of the tensors' B * H
  int64_t first_token = 0;            ///< where the document begins: the position of query 0 and of key 0
  double scale = 1;                   ///< > 0
  bool causal = false;
  View q, k, v, out, grad_out, grad_q, grad_k, grad_v;
  void* lse = nullptr;       ///< [B, H, lse_stride], contiguous, in the accumulators' type
  int64_t lse_stride = 0;    ///< queries of a head
  int64_t splits = 1;        ///< parts of a head's queries; in the backward each has its own sums of dK, dV
  char* partials = nullptr;  ///< of the backward where splits > 1: [heads, splits] of Kernels::partial_bytes
};

/// Work items of both passes: heads * splits. An item runs on one thread with one workspace (64-byte
/// aligned). Results do not depend on the order of items, and those of the forward not on `splits`.
struct Kernels {
  int64_t (*forward_blocks)(const Problem&) = nullptr;  ///< of a head's queries: the most that splits can be
  int64_t (*forward_bytes)(const Problem&) = nullptr;
  void (*forward)(const Problem&, int64_t item, char* workspace) = nullptr;
  int64_t (*backward_blocks)(const Problem&) = nullptr;
  int64_t (*backward_bytes)(const Problem&) = nullptr;
  int64_t (*partial_bytes)(const Problem&) = nullptr;
  void (*backward)(const Problem&, int64_t item, char* workspace) = nullptr;
  /// After backward, where splits > 1: sums a head's partials and writes grad_k and grad_v.
  void (*reduce)(const Problem&, int64_t head) = nullptr;
};

/// The kernels of one build and kind, an input type each.
struct KernelSet {
  Kernels f32, bf16, f64;
};
/// The builds: their kernels of a kind, null where there are none.
const KernelSet* portable_kernels(AttentionKind kind);
const KernelSet* avx2_kernels(AttentionKind kind);
const KernelSet* avx512_kernels(AttentionKind kind);
const KernelSet* avx512_bf16_kernels(AttentionKind kind);

}  // namespace uvic::cpu

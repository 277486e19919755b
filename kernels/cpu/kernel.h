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

/// One call: what forward and backward read and write. lse is [B, H, N], contiguous, in the accumulators'
/// type.
struct Problem {
  int64_t B = 0, H = 0, N = 0, M = 0, D = 0;  ///< N queries, M keys
  double scale = 1;                           ///< > 0
  bool causal = false;
  View q, k, v, out, grad_out, grad_q, grad_k, grad_v;
  void* lse = nullptr;
  int64_t q_splits = 1;      ///< backward: parts of a head's queries, each with its own sums of dK and dV
  char* partials = nullptr;  ///< where q_splits > 1: [B * H * q_splits] of Kernels::partial_bytes
};

/// Work items: forward, B * H * q_blocks(N) of (head, block of queries); backward, B * H * q_splits. A range
/// of them runs on one thread with one workspace (64-byte aligned). Results do not depend on how items are
/// ranged.
struct Kernels {
  int64_t (*q_blocks)(int64_t N) = nullptr;
  int64_t (*forward_bytes)(const Problem&) = nullptr;
  void (*forward)(const Problem&, int64_t begin, int64_t end, char* workspace) = nullptr;
  int64_t (*backward_bytes)(const Problem&) = nullptr;
  int64_t (*partial_bytes)(const Problem&) = nullptr;
  void (*backward)(const Problem&, int64_t begin, int64_t end, char* workspace) = nullptr;
  /// After backward, where q_splits > 1: sums the partials of heads begin .. end and writes grad_k and
  /// grad_v.
  void (*reduce)(const Problem&, int64_t begin, int64_t end) = nullptr;
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

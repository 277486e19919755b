// The door between the host code, which g++ compiles, and the kernels, one unit per element type and head
// size.
#pragma once
#include "kernels/attention_kind.h"
#include "kernels/cuda/shapes.h"

struct CUstream_st;

namespace uvic::cuda {

/// Queues one kernel on the current device and returns the cudaError_t of that, 0 for success. The blocks
/// must be at least 1 and at most 2^31 - 1, and the kind one that has kernels (see choose.cpp). Only
/// Pass::kForward leaves `gradients` unread.
template <class T, int D>
int launch(AttentionKind kind, Pass pass, const Problem& problem, const Gradients& gradients,
           CUstream_st* stream);

}  // namespace uvic::cuda

// Which kernels the blocks of a U-ViT run, without building one.
#pragma once
#include <c10/core/Device.h>

#include <optional>
#include <string>

#include "nn/options.h"

namespace uvic {

enum class Purpose { kTraining, kEvaluation };

/// Whether softmax runs by the CPU's fused kernel, 0.4 to 0.9 of SDPA's time, where weights are prepared: if
/// that takes the call. Blocks that are one node of the graph (fused_block.h) take a fused kernel anyway.
/// `call` is of AttentionKind::kSoftmax.
bool fuses_softmax(AttentionCall call);

/// softmax + 1 is SDPA's softmax with a key and a value of zeros, unless a kernel is asked for.
bool pads_a_key(AttentionKind kind, std::optional<bool> fused);

/// One line on the kernels that the model's blocks run, for the start of a run. Errors as kernel_for's.
std::string describe_attention(const ModelOptions& options, c10::Device device, Precision precision,
                               Purpose purpose);

/// Whether blocks of the model write their scores to memory, [B, H, N, N]. Errors as kernel_for's.
bool writes_scores(const ModelOptions& options, c10::Device device, Precision precision);

}  // namespace uvic

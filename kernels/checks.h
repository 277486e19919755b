// What every implementation asks of its arguments.
#pragma once
#include <ATen/core/Tensor.h>

#include "kernels/attention_kind.h"

namespace uvic {

/// The operator's schema knows no enumerations: a kind travels as its number. c10::Error if there is none.
AttentionKind kind_of(int64_t number);

/// c10::Error names the argument of the operator that does not fit, what it got and what is allowed.
void check_attention_inputs(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal);

}  // namespace uvic

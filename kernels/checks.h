// What every implementation asks of its arguments.
#pragma once
#include <ATen/core/Tensor.h>

namespace uvic {

/// c10::Error names the argument of cog_attention that does not fit, what it got and what is allowed.
void check_attention_inputs(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal);

}  // namespace uvic

// What every implementation asks of its arguments.
#pragma once
#include <ATen/core/Tensor.h>

#include <optional>

#include "kernels/attention_kind.h"

namespace uvic {

/// The operator's schema knows no enumerations: a kind travels as its number. c10::Error if there is none.
AttentionKind kind_of(int64_t number);

/// c10::Error names the argument of the operator that does not fit, what it got and what is allowed.
void check_attention_inputs(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, bool causal);

/// Where documents begin and end among the B * N tokens, as cu_seqlens says it (see cog_attention.h); empty
/// where it is absent or undefined: every row is one document. It refers to the tensor's memory. c10::Error
/// says what does not fit.
at::IntArrayRef documents_of(const std::optional<at::Tensor>& cu_seqlens, const at::Tensor& q,
                             const at::Tensor& k);

/// 1 / sqrt(D) where no scale is given.
double scale_or_default(const at::Tensor& q, std::optional<double> scale);

}  // namespace uvic

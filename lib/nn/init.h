#pragma once
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>

#include <optional>

namespace uvic {

/// Fills with N(0, std^2) truncated to [-2, 2] in absolute value, by inverse CDF, as timm's trunc_normal_
/// (float64 inside).
void trunc_normal_(at::Tensor tensor, double std, std::optional<at::Generator> generator = std::nullopt);

}  // namespace uvic

#pragma once
#include "core/choice.h"

namespace uvic {

/// Of a network's matrix products; weights, norms and sums are float32 either way.
enum class Precision { kFp32, kBf16 };
template <>
inline constexpr std::array kNamesOf<Precision> = {"fp32", "bf16"};

/// Of a network that is only evaluated; int8 is W8A8, weights and activations of its blocks' linear layers,
/// on the CPU alone.
enum class InferencePrecision { kFp32, kBf16, kInt8 };
template <>
inline constexpr std::array kNamesOf<InferencePrecision> = {"fp32", "bf16", "int8"};

/// Of all that has no 8-bit form: what int8 leaves is bfloat16.
inline Precision without_int8(InferencePrecision precision) {
  return precision == InferencePrecision::kFp32 ? Precision::kFp32 : Precision::kBf16;
}

}  // namespace uvic

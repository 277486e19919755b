#pragma once
#include "core/choice.h"

namespace uvic {

/// Of a network's matrix products; weights, norms and sums are float32 either way.
enum class Precision { kFp32, kBf16 };
template <>
inline constexpr std::array kNamesOf<Precision> = {"fp32", "bf16"};

}  // namespace uvic

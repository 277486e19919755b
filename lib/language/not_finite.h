#pragma once

namespace uvic {

/// Of a std::runtime_error: NaN or infinity where there should be probabilities or representations.
inline constexpr const char* kNotFinite =
    "what the model gives is not finite: its weights, or --precision, are at fault";

}  // namespace uvic

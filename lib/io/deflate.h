#pragma once
#include <cstdint>

namespace uvic {

/// What deflate makes of one byte at most: copies of 258 bytes at two bits each. A file that claims more has
/// not the bytes, and nothing need be allocated to find that out.
inline constexpr int64_t kMostOfADeflatedByte = 1032;

}  // namespace uvic

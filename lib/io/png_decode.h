// The pixels of PNG files, by stb.
#pragma once
#include <ATen/core/Tensor.h>

#include <string_view>

namespace uvic {

/// The pixels of an 8-bit PNG in memory, uint8 [C, H, W]; an empty tensor if they cannot be decoded. CRCs are
/// not checked: see inspect_png_bytes.
at::Tensor decode_png(std::string_view bytes);

}  // namespace uvic

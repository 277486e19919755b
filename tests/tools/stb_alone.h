// stb_image_write as it comes, without our compressor: what encode_png is measured against.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>

namespace uvic {

/// `image`: uint8 [C, H, W] with a pixel's channels together.
std::string stb_alone(const at::Tensor& image);

}  // namespace uvic

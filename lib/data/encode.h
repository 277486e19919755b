// Pictures to files other than PNG, through OpenCV.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace uvic {

/// {".jpg", ".jpeg", ".webp"}, less what this OpenCV was built without.
std::vector<std::string> encodable_endings();

/// UsageError if a picture of these sides is too large for the format.
void check_encodable(int64_t height, int64_t width, const std::string& ending);

/// `image`: uint8 [C, H, W], C = 1 or 3. JPEG at quality 95, WebP without loss. UsageError as
/// check_encodable.
std::string encode_image(const at::Tensor& image, const std::string& ending);

}  // namespace uvic

#include "data/encode.h"

#include <ATen/core/Tensor.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "core/errors.h"

namespace uvic {

std::vector<std::string> encodable_endings() {
  std::vector<std::string> endings = {".jpg", ".jpeg", ".webp"};
  std::erase_if(endings, [](const std::string& ending) { return !cv::haveImageWriter("x" + ending); });
  return endings;
}

void check_encodable(int64_t height, int64_t width, const std::string& ending) {
  const int64_t largest = ending == ".webp" ? 16383 : 65500;
  check_usage(std::max(height, width) <= largest, "a picture of ", height, " x ", width,
              " pixels is too large for ", ending, ", whose sides are at most ", largest, "; .png takes it");
}

std::string encode_image(const at::Tensor& image, const std::string& ending) {
  TORCH_CHECK(
      image.dim() == 3 && image.scalar_type() == at::kByte && (image.size(0) == 1 || image.size(0) == 3),
      "a picture is uint8 [C, H, W] with C = 1 or 3");
  check_encodable(image.size(1), image.size(2), ending);
  const at::Tensor pixels = image.cpu().flip(0).permute({1, 2, 0}).contiguous();  // OpenCV's are BGR
  const cv::Mat mat(int(pixels.size(0)), int(pixels.size(1)), pixels.size(2) == 1 ? CV_8UC1 : CV_8UC3,
                    pixels.data_ptr());
  const std::vector<int> settings = ending == ".webp" ? std::vector{int(cv::IMWRITE_WEBP_QUALITY), 101}
                                                      : std::vector{int(cv::IMWRITE_JPEG_QUALITY), 95};
  static const auto silent = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  (void)silent;
  std::vector<uint8_t> bytes;
  TORCH_CHECK(cv::imencode(ending, mat, bytes, settings), "OpenCV cannot write this picture as ", ending);
  return {bytes.begin(), bytes.end()};
}

}  // namespace uvic

#include "data/decode.h"

#include <cstring>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

#include "core/errors.h"
#include "data/image_header.h"
#include "io/read_file.h"

namespace uvic {
namespace {

/// As stored: 1, 3 (BGR) or 4 (BGRA) channels of 8 or 16 bits.
cv::Mat decode(std::span<const uint8_t> bytes, const std::string& format, const std::string& name) {
  static const auto silent = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  (void)silent;
  cv::Mat image;
  try {
    // Unchanged: the other modes lose alpha and rescale, and only some of them turn the image.
    image = cv::imdecode(cv::Mat(1, int(bytes.size()), CV_8U, const_cast<uint8_t*>(bytes.data())),
                         cv::IMREAD_UNCHANGED);
  } catch (const cv::Exception& error) {
    usage_error(name, ": this ", format, " cannot be decoded: ", error.err);
  }
  check_usage(!image.empty(), name, ": this ", format, " is damaged or of a kind that cannot be decoded");
  check_usage(image.depth() == CV_8U || image.depth() == CV_16U, name, ": this ", format,
              " holds other samples than 8 or 16 bits");
  check_usage(image.channels() == 1 || image.channels() == 3 || image.channels() == 4, name, ": this ",
              format, " has ", image.channels(), " channels; 1, 3 or 4 can be read");
  if (image.depth() == CV_16U) image.convertTo(image, CV_8U, 1.0 / 256, -0.5 + 1.0 / 512);  // truncates
  return image;
}

/// A 32-bit BMP whose fourth byte is unused has 0 there, which would make all of it transparent.
bool has_alpha(const cv::Mat& image, const std::string& format) {
  if (image.channels() != 4) return false;
  if (format != "BMP") return true;
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      if (image.at<cv::Vec4b>(y, x)[3] != 0) return true;
    }
  }
  return false;
}

/// `to` (3: RGB, 1: grey) from `stored` channels: 1, 3 (BGR) or 4 (BGRA). `alpha` false: the fourth is
/// ignored.
template <int stored, int to, bool alpha>
void convert_row(const uint8_t* __restrict in, int width, const std::array<uint8_t, 3> background,
                 uint8_t* __restrict out) {
  for (int x = 0; x < width; ++x, in += stored, out += to) {
    std::array<int, 3> rgb{in[stored == 1 ? 0 : 2], in[stored == 1 ? 0 : 1], in[0]};
    for (size_t c = 0; alpha && c < 3; ++c) {
      rgb[c] = (rgb[c] * in[3] + background[c] * (255 - in[3]) + 127) / 255;
    }
    if (to == 3) {
      for (size_t c = 0; c < 3; ++c) out[c] = static_cast<uint8_t>(rgb[c]);
    } else {
      *out = static_cast<uint8_t>((rgb[0] * 19595 + rgb[1] * 38470 + rgb[2] * 7471 + 0x8000) >> 16);
    }
  }
}

template <int to>
auto converter(int stored, bool alpha) {
  if (stored == 1) return convert_row<1, to, false>;
  if (stored == 3) return convert_row<3, to, false>;
  return alpha ? convert_row<4, to, true> : convert_row<4, to, false>;
}

Pixels to_pixels(const cv::Mat& image, bool alpha, const DecodeOptions& options) {
  Pixels pixels(image.cols, image.rows, options.channels);
  const auto convert =
      options.channels == 3 ? converter<3>(image.channels(), alpha) : converter<1>(image.channels(), alpha);
  for (int y = 0; y < image.rows; ++y) {
    convert(image.ptr<uint8_t>(y), image.cols, options.background, pixels.row(y));
  }
  return pixels;
}

/// EXIF orientation 2 .. 8: 5 to 8 exchange rows and columns; then mirrored along x and y as needed.
Pixels turned(const Pixels& image, int orientation) {
  if (orientation == 1) return image;
  const bool transpose = orientation >= 5;
  const bool mirror_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirror_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  Pixels result(transpose ? image.height : image.width, transpose ? image.width : image.height,
                image.channels);
  const auto channels = static_cast<size_t>(image.channels);
  for (int y = 0; y < result.height; ++y) {
    for (int x = 0; x < result.width; ++x) {
      const int u = mirror_x ? result.width - 1 - x : x, v = mirror_y ? result.height - 1 - y : y;
      const uint8_t* from = image.row(transpose ? u : v) + size_t(transpose ? v : u) * channels;
      std::memcpy(result.row(y) + size_t(x) * channels, from, channels);
    }
  }
  return result;
}

}  // namespace

Pixels decode_image(std::span<const uint8_t> bytes, const std::string& name, const DecodeOptions& options) {
  const ImageHeader header = parse_image_header(bytes, int64_t(bytes.size()), name);
  check_image_is_whole(bytes, name);
  const cv::Mat image = decode(bytes, header.format, name);
  return turned(to_pixels(image, has_alpha(image, header.format), options), header.orientation);
}

Pixels decode_image(const std::filesystem::path& path, const DecodeOptions& options) {
  return decode_image(read_file(path).bytes, path.string(), options);
}

}  // namespace uvic

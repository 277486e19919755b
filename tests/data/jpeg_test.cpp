// Damaged and odd JPEGs.
#include <gtest/gtest.h>

#include <cstdio>  // before jpeglib.h

#include <jpeglib.h>

#include "core/errors.h"
#include "data/decode.h"
#include "data/image_header.h"
#include "data/prepare.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace uvic::testing;
namespace fs = std::filesystem;

class Jpeg : public ::testing::Test {
 protected:
  static std::string encoded(int size, const std::vector<int>& parameters = {}) {
    std::vector<uint8_t> bytes;
    TORCH_CHECK(cv::imencode(".jpg", picture(size, size, 3), bytes, parameters));
    return {bytes.begin(), bytes.end()};
  }
  fs::path file(const std::string& bytes) {
    const fs::path path = folder_ / (std::to_string(++files_) + ".jpg");
    write_bytes(path, bytes);
    return path;
  }
  /// By decoding and, if `at_once`, by the header check; nothing else is on the terminal.
  void refuse(const std::string& bytes, const std::string& text, bool at_once = false) {
    const fs::path path = file(bytes);
    ::testing::internal::CaptureStderr();
    EXPECT_THROW_WITH(decode_image(path, {}), UsageError, path.string() + ": " + text);
    if (at_once) EXPECT_THROW_WITH(read_image_header(path), UsageError, path.string() + ": " + text);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  }
  TemporaryDirectory folder_;
  int files_ = 0;
};

const std::string kEnd = "\xFF\xD9";

size_t scan_of(const std::string& jpeg) {
  return jpeg.find("\xFF\xDA") + 14;
}

TEST_F(Jpeg, PixelsAreOpenCvs) {
  for (const std::vector<int>& parameters : {std::vector<int>{},
                                             {cv::IMWRITE_JPEG_PROGRESSIVE, 1},
                                             {cv::IMWRITE_JPEG_RST_INTERVAL, 2},
                                             {cv::IMWRITE_JPEG_QUALITY, 1},
                                             {cv::IMWRITE_JPEG_QUALITY, 100, cv::IMWRITE_JPEG_OPTIMIZE, 1}}) {
    const std::string jpeg = encoded(75, parameters);
    const cv::Mat theirs = cv::imdecode(std::vector<uint8_t>(jpeg.begin(), jpeg.end()),
                                        cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
    const Pixels ours = decode_image(file(jpeg), {});
    for (int y = 0; y < 75; ++y) {
      for (int x = 0; x < 75 * 3; ++x) {
        ASSERT_EQ(ours.row(y)[x], theirs.ptr<uint8_t>(y)[x / 3 * 3 + 2 - x % 3]) << x << " " << y;
      }
    }
  }
}

TEST_F(Jpeg, DamageIsNamedWhereverItIs) {
  for (const std::vector<int>& parameters : {std::vector<int>{}, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}}) {
    const std::string whole = encoded(200, parameters);
    const size_t scan = scan_of(whole), middle = (scan + whole.size()) / 2;
    refuse(whole.substr(0, middle), "truncated: the file ends before the picture does", true);
    refuse(whole.substr(0, middle) + kEnd, "this JPEG is damaged");
    refuse(whole.substr(0, whole.size() - 4), "truncated", true);
    refuse(whole.substr(0, whole.size() - 6) + kEnd, "this JPEG is damaged");
    std::string zeroed = whole;
    std::fill_n(zeroed.begin() + int64_t(middle), 200, '\0');
    refuse(zeroed, "this JPEG is damaged");
    std::string more = whole;
    more.insert(middle, "some bytes that belong elsewhere");
    refuse(more, "this JPEG is damaged");
  }
  // Bits that flip may change values alone, which nothing shows. libjpeg by itself notices 17 of these.
  const std::string whole = encoded(200);
  int named = 0;
  for (size_t i = 0; i < 40; ++i) {
    std::string flipped = whole;
    for (size_t k = 0; k < 12; ++k) flipped[scan_of(whole) + 50 + 31 * i + k] ^= char(0x35 + k);
    try {
      decode_image(file(flipped), {});
    } catch (const UsageError&) {
      ++named;
    }
  }
  EXPECT_GE(named, 25);
}

// Cut between two scans, with an end marker: every scan that is there is whole.
TEST_F(Jpeg, ProgressiveWithoutItsLastScans) {
  const std::string whole = encoded(60, {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  std::vector<size_t> scans;
  for (size_t at = 0; (at = whole.find("\xFF\xDA", at)) != std::string::npos; ++at) scans.push_back(at);
  ASSERT_GT(scans.size(), 3U);
  for (size_t i = 1; i < scans.size(); ++i) {
    size_t end = scans[i];  // the Huffman table of a scan comes before it
    const size_t table = whole.rfind("\xFF\xC4", end);
    if (table != std::string::npos && table > scans[i - 1]) end = table;
    refuse(whole.substr(0, end) + kEnd, "this JPEG is damaged");
  }
}

TEST_F(Jpeg, WithoutItsEndMarkerItIsTakenWithAWarning) {
  for (const std::vector<int>& parameters : {std::vector<int>{}, {cv::IMWRITE_JPEG_PROGRESSIVE, 1}}) {
    const std::string whole = encoded(90, parameters);
    const Pixels expected = decode_image(file(whole), {});
    for (const size_t missing : {1, 2}) {
      const fs::path path = file(whole.substr(0, whole.size() - missing));
      ::testing::internal::CaptureStderr();
      EXPECT_EQ(decode_image(path, {}).data, expected.data);
      EXPECT_EQ(decode_image(path, {}).data, expected.data);
      EXPECT_EQ(::testing::internal::GetCapturedStderr(),
                "warning: " + path.string() + ": its end marker is missing; every pixel is there\n");
      EXPECT_EQ(read_image_header(path).note, "its end marker is missing; every pixel is there");
    }
  }
}

/// A JPEG of one colour in `components` of libjpeg's `space`; Adobe's marker as libjpeg sees fit.
std::string flat(int components, J_COLOR_SPACE space, const std::vector<uint8_t>& pixel, bool adobe) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* out = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &out, &size);
  info.image_width = info.image_height = 16;
  info.input_components = components;
  info.in_color_space = space;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 100, TRUE);
  info.write_Adobe_marker = adobe;
  jpeg_start_compress(&info, TRUE);
  std::vector<uint8_t> row;
  for (int x = 0; x < 16; ++x) row.insert(row.end(), pixel.begin(), pixel.end());
  JSAMPROW pointer = row.data();
  for (int y = 0; y < 16; ++y) jpeg_write_scanlines(&info, &pointer, 1);
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string bytes(out, out + size);
  std::free(out);
  return bytes;
}

// Ink: 20 of cyan, 100 of magenta, 0 of yellow, 55 of black. Adobe stores what is left out.
TEST_F(Jpeg, InkWithAndWithoutAdobe) {
  const auto light = [](double ink) { return int(std::lround((255 - ink) * 200 / 255)); };
  const std::array expected = {light(20), light(100), light(0)};
  for (const bool adobe : {true, false}) {
    const std::vector<uint8_t> pixel =
        adobe ? std::vector<uint8_t>{235, 155, 255, 200} : std::vector<uint8_t>{20, 100, 0, 55};
    const Pixels image = decode_image(file(flat(4, JCS_CMYK, pixel, adobe)), {});
    for (size_t c = 0; c < 3; ++c) EXPECT_NEAR(image.data[c], expected[c], 1) << adobe << " " << c;
  }
}

TEST_F(Jpeg, KindsThatCannotBeReadAreNamedByTheirHeaders) {
  refuse(flat(2, JCS_UNKNOWN, {1, 2}, false), "this JPEG has 2 components", true);
  std::string jpeg = encoded(20);
  const size_t frame = jpeg.find("\xFF\xC0");
  jpeg[frame + 4] = 12;
  refuse(jpeg, "this JPEG holds 12-bit samples", true);
  jpeg[frame + 1] = '\xC3';
  refuse(jpeg, "this JPEG is a lossless JPEG", true);
}

// Beyond the limit libjpeg divides the size: within the 3 grey levels that golden JPEGs are allowed.
TEST_F(Jpeg, HugeOnesAreDecodedSmaller) {
  constexpr int kSide = 8256;
  static_assert(int64_t{kSide} * kSide > kWholeJpegPixels);
  cv::Mat huge(kSide, kSide, CV_8UC1);
  std::vector<double> across(kSide), down(kSide);
  for (size_t i = 0; i < kSide; ++i) {
    across[i] = 10 * std::sin(double(i) / 400);
    down[i] = 10 * std::cos(double(i) / 300);
  }
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x)
      huge.at<uint8_t>(y, x) = uint8_t(127 + across[size_t(x)] * down[size_t(y)]);
  }
  std::vector<uint8_t> bytes;
  cv::imencode(".jpg", huge, bytes);
  const auto covered = most_covered(64, 64);
  const Pixels whole = decode_image(bytes, "x.jpg", {.channels = 1});
  const Pixels small = decode_image(bytes, "x.jpg", {.channels = 1, .to_cover = covered});
  EXPECT_EQ(whole.width, kSide);
  EXPECT_EQ(small.width, kSide / 8);
  EXPECT_LE(
      max_abs_error(to_tensor(prepare_centered(small, 64, 64)), to_tensor(prepare_centered(whole, 64, 64))),
      3);
}

}  // namespace
}  // namespace uvic

#include "io/png.h"
#include "io/grid.h"

#include <gtest/gtest.h>

#include <limits>
#include <opencv2/imgcodecs.hpp>

#include "core/errors.h"
#include "io/full_disk.h"
#include "io/png_decode.h"
#include "support/support.h"

namespace uvic {
namespace {

using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;

at::Tensor random_image(int64_t channels, int64_t height, int64_t width) {
  at::manual_seed(channels);
  return at::randint(256, {channels, height, width}, at::kByte);
}

/// OpenCV's reading of a PNG as uint8 [C, H, W], RGB(A).
at::Tensor decode(const std::string& bytes) {
  const std::vector<uint8_t> buffer(bytes.begin(), bytes.end());
  const cv::Mat mat = cv::imdecode(buffer, cv::IMREAD_UNCHANGED);
  TORCH_CHECK(!mat.empty() && mat.depth() == CV_8U && mat.isContinuous());
  const at::Tensor pixels =
      at::from_blob(mat.data, {mat.rows, mat.cols, mat.channels()}, at::kByte).permute({2, 0, 1}).clone();
  if (mat.channels() == 1) return pixels;
  const std::vector<int64_t> order{2, 1, 0, 3};  // OpenCV has BGR(A)
  return pixels.index_select(0, at::tensor(at::IntArrayRef(order).slice(0, pixels.size(0)), at::kLong));
}

TEST(Png, PixelsAsOpenCvReadsThem) {
  for (const int64_t channels : {1, 3, 4}) {
    for (const auto& [height, width] : {std::pair{1, 1}, {5, 7}, {64, 33}}) {
      const at::Tensor image = random_image(channels, height, width);
      EXPECT_TRUE(at::equal(decode(encode_png(image)), image)) << image.sizes();
      EXPECT_TRUE(at::equal(decode_png(encode_png(image)), image)) << image.sizes();
    }
  }
}

TEST(Png, StridedAndCompressibleImages) {
  const at::Tensor image = random_image(3, 8, 12);
  EXPECT_TRUE(at::equal(decode(encode_png(image.transpose(1, 2))), image.transpose(1, 2)));
  EXPECT_TRUE(at::equal(decode(encode_png(image.slice(2, 3, 9))), image.slice(2, 3, 9)));
  const at::Tensor flat = at::full({1, 200, 200}, 7, at::kByte);
  EXPECT_TRUE(at::equal(decode(encode_png(flat)), flat));
  EXPECT_LT(encode_png(flat).size(), 1000u);
}

TEST(Png, RefusesOtherTensors) {
  EXPECT_THROW(encode_png(at::zeros({3, 4, 4})), c10::Error);
  EXPECT_THROW(encode_png(at::zeros({2, 4, 4}, at::kByte)), c10::Error);
  EXPECT_THROW(encode_png(at::zeros({4, 4}, at::kByte)), c10::Error);
  EXPECT_THROW(encode_png(at::zeros({3, 0, 4}, at::kByte)), c10::Error);
  EXPECT_THROW(encode_png(at::zeros({1, 1, 1}, at::kByte), {{"", "x"}}), c10::Error);
  EXPECT_THROW(encode_png(at::zeros({1, 1, 1}, at::kByte), {{std::string(80, 'k'), "x"}}), c10::Error);
  EXPECT_THROW(encode_png(at::zeros({1, 1, 1}, at::kByte), {{"k", std::string("a\0b", 3)}}), c10::Error);
}

TEST(Png, APictureOf2GiBIsRefusedBeforeAnyWork) {
  // Views of one byte: to look at them would take minutes and their memory.
  const at::Tensor byte = at::zeros({1, 1, 1}, at::kByte);
  EXPECT_THROW_WITH(encode_png(byte.expand({3, 26755, 26755})), UsageError,
                    "a PNG of 26755 x 26755 pixels would hold 2.00 GiB");
  EXPECT_THROW_WITH(encode_png(byte.expand({1, 2'000'000'000, 1})), UsageError, "2 GiB");
  EXPECT_THROW_WITH(encode_png(byte.expand({4, 1'000'000'000, 1'000'000'000})), UsageError, "2 GiB");
  EXPECT_THROW_WITH(encode_png(byte.expand({1, 1, 5'000'000'000})), UsageError, "2 GiB");
  EXPECT_NO_THROW(check_png_size(3, 26700, 26700));
}

TEST(Png, TextRecordsRoundTripAndLeaveThePixelsAlone) {
  const TemporaryDirectory directory;
  const std::map<std::string, std::string> text{
      {"uvic.config", "model:\n  depth: 8\n"}, {"uvic.seed", "42"}, {"empty", ""}, {"name", "Andr\xe9"}};
  for (const int64_t channels : {1, 3, 4}) {
    const at::Tensor image = random_image(channels, 6, 9);
    save_png(directory / "a.png", image, text);
    const auto info = inspect_png(directory / "a.png");
    ASSERT_TRUE(info.has_value());
    EXPECT_EQ(info->height, 6);
    EXPECT_EQ(info->width, 9);
    EXPECT_EQ(info->channels, channels);
    EXPECT_EQ(info->text, text);
    EXPECT_TRUE(at::equal(decode(read_bytes(directory / "a.png")), image));
  }
}

TEST(Png, TextChunkBytes) {
  const std::string bytes = encode_png(random_image(1, 2, 2), {{"Title", "x"}});
  EXPECT_EQ(bytes.substr(33, 15), std::string("\0\0\0\x07tEXtTitle\0x", 15));
  EXPECT_EQ(bytes.substr(12, 4), "IHDR");
  EXPECT_EQ(bytes.substr(33 + 12 + 7 + 4, 4), "IDAT");
  EXPECT_EQ(bytes.substr(bytes.size() - 12), std::string("\0\0\0\0IEND\xae\x42\x60\x82", 12));
}

TEST(Png, DecodingWhatIsNoPngGivesNothing) {
  const std::string bytes = encode_png(random_image(3, 8, 12));
  EXPECT_FALSE(decode_png(bytes.substr(0, 40)).defined());
  EXPECT_FALSE(decode_png("").defined());
}

TEST(InspectPng, ReadsWhatOpenCvWrites) {
  const TemporaryDirectory directory;
  cv::imwrite((directory / "a.png").string(), cv::Mat(5, 3, CV_8UC3, cv::Scalar(1, 2, 3)));
  const auto info = inspect_png(directory / "a.png");
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->height, 5);
  EXPECT_EQ(info->width, 3);
  EXPECT_EQ(info->channels, 3);
}

TEST(InspectPng, NulloptForAnyFlippedByteAnyTruncationAndAnyTail) {
  const TemporaryDirectory directory;
  const std::string bytes = encode_png(random_image(3, 4, 5), {{"key", "value"}});
  const auto inspect = [&](const std::string& changed) {
    write_bytes(directory / "a.png", changed);
    return inspect_png(directory / "a.png");
  };
  ASSERT_TRUE(inspect(bytes).has_value());
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const char mask : {'\x01', '\x80', '\xff'}) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      EXPECT_FALSE(inspect(changed).has_value()) << "byte " << at;
    }
    EXPECT_FALSE(inspect(bytes.substr(0, at)).has_value()) << "length " << at;
  }
  EXPECT_FALSE(inspect(bytes + '\0').has_value());
  EXPECT_FALSE(inspect(bytes + bytes).has_value());
}

TEST(InspectPng, NulloptForFilesThatAreAbsentOrNoPng) {
  const TemporaryDirectory directory;
  EXPECT_FALSE(inspect_png(directory / "absent.png").has_value());
  EXPECT_FALSE(inspect_png(directory.path()).has_value());
  const std::string bytes = encode_png(random_image(1, 2, 2));
  write_bytes(directory / "a.png", bytes.substr(0, 8) + bytes.substr(33));  // no IHDR
  EXPECT_FALSE(inspect_png(directory / "a.png").has_value());
}

TEST(SavePng, FullDisk) {
  const TemporaryDirectory directory;
  const at::Tensor image = random_image(3, 64, 64);
  const testing::FullDisk disk(4096);
  EXPECT_THROW_WITH(save_png(directory / "a.png", image), std::runtime_error, "a.png: File too large");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(ToUint8, ExactValues) {
  const double infinity = std::numeric_limits<double>::infinity();
  // 127.5 x + 128, truncated; 1/255 is where the level changes.
  const at::Tensor images =
      at::tensor({-1.0, 0.0, 1.0, -1.004, -3.0, 3.0, -infinity, infinity, 0.5, -0.5, 0.0079});
  const at::Tensor expected = at::tensor({0, 128, 255, 0, 0, 255, 0, 255, 191, 64, 129}, at::kByte);
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
    const at::Tensor bytes = to_uint8(images.to(dtype));
    EXPECT_EQ(bytes.scalar_type(), at::kByte);
    EXPECT_TRUE(at::equal(bytes, expected)) << bytes;
  }
}

TEST(ToUint8, EveryLevelComesBack) {
  const at::Tensor levels = at::arange(256, at::kByte);
  EXPECT_TRUE(at::equal(to_uint8(levels.to(at::kFloat) / 127.5 - 1), levels));
}

TEST(ToUint8, LowPrecisionIsComputedInFloat32) {
  const at::Tensor images = at::linspace(-1, 1, 64).view({2, 2, 4, 4});
  for (const at::ScalarType dtype : {at::kBFloat16, at::kHalf}) {
    const at::Tensor low = images.to(dtype);
    EXPECT_TRUE(at::equal(to_uint8(low), to_uint8(low.to(at::kFloat))));
  }
  EXPECT_EQ(to_uint8(images).sizes(), images.sizes());
}

TEST(ToUint8, NanIsBlack) {
  EXPECT_EQ(to_uint8(at::full({3}, std::nan(""))).sum().item<int>(), 0);
}

}  // namespace
}  // namespace uvic

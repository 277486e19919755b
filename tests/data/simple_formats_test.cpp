// Netpbm's formats, PFM and the kinds of BMP, byte by byte; an animated WebP.
#include <gtest/gtest.h>

#include <cstring>

#include "core/errors.h"
#include "data/decode.h"
#include "data/image_header.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using std::string_literals::operator""s;
using Bytes = std::vector<uint8_t>;

Bytes bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}
Bytes grey(const std::string& file) {
  return decode_image(bytes_of(file), "x", {.channels = 1}).data;
}
Bytes rgb(const std::string& file) {
  return decode_image(bytes_of(file), "x", {}).data;
}
std::string format(const std::string& file) {
  return parse_image_header(bytes_of(file), int64_t(file.size()), "x").format;
}
void refuse(const std::string& file, const std::string& text) {
  EXPECT_THROW_WITH(decode_image(bytes_of(file), "x", {}), UsageError, "x: " + text);
}

TEST(Pnm, EveryKind) {
  EXPECT_EQ(grey("P1\n# a comment\n3 2\n0 1 0\n111\n"), (Bytes{255, 0, 255, 0, 0, 0}));
  EXPECT_EQ(grey("P4 10 2\n\x40\x00\xFF\x40"s), (Bytes{255, 0, 255, 255, 255, 255, 255, 255, 255, 255,  //
                                                       0,   0, 0,   0,   0,   0,   0,   0,   255, 0}));
  EXPECT_EQ(grey("P2 2 1 255 7 200"), (Bytes{7, 200}));
  EXPECT_EQ(grey("P5 2 1 255\n\x07\xC8"), (Bytes{7, 200}));
  EXPECT_EQ(rgb("P3\n1 1\n255\n1 2 3"), (Bytes{1, 2, 3}));
  EXPECT_EQ(rgb("P6 1 # wide\n1 255 \x01\x02\x03"), (Bytes{1, 2, 3}));
  EXPECT_EQ(grey("P5 2 1 65535\n\x12\xFF\xFF\x00"s), (Bytes{0x12, 0xFF})) << "the upper 8 of 16 bits";
  EXPECT_EQ(rgb("P6 1 1 65535\n\x12\xFF\xFF\x00\x00\xFF"s), (Bytes{0x12, 0xFF, 0}));
  // Scaled, halves to even, as Pillow: 1 * 255 / 2 = 127.5, 1 * 255 / 6 = 42.5, 2048 * 255 / 4095 = 127.53.
  EXPECT_EQ(grey("P2 3 1 2 0 1 2"), (Bytes{0, 128, 255}));
  EXPECT_EQ(grey("P5 1 1 6\n\x01"), Bytes{42});
  EXPECT_EQ(grey("P5 1 1 4095\n\x08\x00"s), Bytes{128});
  for (const auto& [file, name] :
       {std::pair{"P1 1 1 0", "PBM"}, {"P2 1 1 9 0", "PGM"}, {"P6 1 1 9\n\1\2\3", "PPM"}}) {
    EXPECT_EQ(format(file), name);
  }
}

TEST(Pnm, FloatsFromBlackToWhiteFromTheBottomUp) {
  const std::array<float, 4> values = {0.5F, 1.5F, -1, 1};
  std::string little(16, '\0'), big;
  std::memcpy(little.data(), values.data(), 16);
  for (size_t i = 0; i < 16; i += 4)
    big += std::string(little.rbegin() + int64_t(12 - i), little.rbegin() + int64_t(16 - i));
  EXPECT_EQ(grey("Pf\n2 2\n-1.0\n" + little), (Bytes{0, 255, 128, 255}));
  EXPECT_EQ(grey("Pf 2 2 1.0\n" + big), (Bytes{0, 255, 128, 255}));
  EXPECT_EQ(rgb("PF 1 1 -1\n" + little.substr(0, 12)), (Bytes{128, 255, 0}));
  EXPECT_EQ(format("PF 1 1 -1\n" + little), "PFM");
  refuse("Pf 1 1 -1\n\0\0\xC0\x7F"s, "this PFM holds NaN");
}

TEST(Pnm, NamesWhatIsWrong) {
  refuse("P5 2 2 255\nabc", "truncated");
  refuse("P2 2 2 255\n1 2 3", "truncated");
  refuse("P2 1 1 255\n300", "damaged: a sample is not from 0 to 255");
  refuse("P2 1 1 255\nx", "damaged: a sample is not from 0 to 255");
  refuse("P5 2 2 70000\n", "this PGM has no largest value from 1 to 65535");
  refuse("P5 x 2 255\n", "this PGM has no size in its header");
  refuse("P6 0 2 255\n", "a PPM of 0x2 pixels");
  refuse("P5 2", "truncated");
  refuse("P7\nWIDTH 2\n", "not a PNG");
}

std::string little(std::initializer_list<std::pair<uint32_t, int>> numbers) {
  std::string bytes;
  for (const auto& [number, size] : numbers) {
    for (int i = 0; i < size; ++i) bytes += char(number >> (8 * i));
  }
  return bytes;
}

/// `extra`: masks or a palette, between header and pixels.
std::string bmp(int32_t width, int32_t height, int bits, uint32_t compression, const std::string& extra,
                const std::string& pixels) {
  const auto offset = uint32_t(54 + extra.size());
  return "BM" +
         little({{uint32_t(offset + pixels.size()), 4},
                 {0, 4},
                 {offset, 4},
                 {40, 4},
                 {uint32_t(width), 4},
                 {uint32_t(height), 4},
                 {1, 2},
                 {uint32_t(bits), 2},
                 {compression, 4},
                 {0, 4},
                 {0, 4},
                 {0, 4},
                 {0, 4},
                 {0, 4}}) +
         extra + pixels;
}

const std::string kTwoColours = "\x0A\x14\x1E\0\x28\x32\x3C\0"s;  // blue, green, red, unused

TEST(Bmp, EveryKind) {
  const Bytes a = {30, 20, 10}, b = {60, 50, 40};
  const auto expect = [&](const std::string& file, const std::vector<Bytes>& pixels, const char* what) {
    Bytes all;
    for (const Bytes& pixel : pixels) all.insert(all.end(), pixel.begin(), pixel.end());
    EXPECT_EQ(rgb(file), all) << what;
  };
  expect(bmp(3, 1, 1, 0, kTwoColours, "\x40\0\0\0"s), {a, b, a}, "1 bit");
  expect(bmp(3, 1, 4, 0, kTwoColours, "\x10\x10\0\0"s), {b, a, b}, "4 bits");
  expect(bmp(3, 1, 8, 0, kTwoColours, "\1\0\1\0"s), {b, a, b}, "8 bits");
  expect(bmp(1, 2, 8, 0, kTwoColours, "\1\0\0\0\0\0\0\0"s), {a, b}, "from the bottom up");
  expect(bmp(1, -2, 8, 0, kTwoColours, "\1\0\0\0\0\0\0\0"s), {b, a}, "from the top down");
  expect(bmp(4, 1, 8, 1, kTwoColours, "\2\1\1\0\1\1\0\1"s), {b, b, a, b}, "runs");
  expect(bmp(4, 2, 8, 1, kTwoColours, "\0\3\1\0\1\0\0\0\0\2\1\0\1\1\0\1"s), {a, b, a, a, b, a, b, a},
         "literals, the end of a row, a move");
  expect(bmp(4, 1, 4, 2, kTwoColours, "\3\x10\1\0\0\1"s), {b, a, b, a}, "runs of 4 bits");
  expect(bmp(2, 1, 16, 0, "", "\x1F\0\0\x7C"s), {{0, 0, 255}, {255, 0, 0}}, "5, 5 and 5 bits");
  expect(bmp(1, 1, 16, 3, little({{0xF800, 4}, {0x7E0, 4}, {0x1F, 4}}), "\xE0\x07\0\0"s), {{0, 255, 0}},
         "5, 6 and 5 bits");
  expect(bmp(1, 1, 24, 0, "", "\x0A\x14\x1E\0"s), {a}, "24 bits");
  expect(bmp(1, 1, 32, 0, "", "\x0A\x14\x1E\0"s), {a}, "32 bits, the last unused");
  expect(bmp(2, 1, 32, 0, "", "\x0A\x14\x1E\xFF\x0A\x14\x1E\0"s), {a, {255, 255, 255}},
         "32 bits, the last is alpha");
  refuse(bmp(4, 1, 8, 4, kTwoColours, "xxxx"), "this BMP has 8 bits a pixel with compression 4");
  refuse(bmp(4, 1, 8, 1, kTwoColours, "\2"), "truncated");
}

/// A lossless WebP's picture as one frame of an animation of two.
TEST(WebP, TheFirstFrameOfAnAnimation) {
  std::vector<uint8_t> still;
  const cv::Mat first = testing::picture(20, 24);
  cv::imencode(".webp", first, still, {cv::IMWRITE_WEBP_QUALITY, 101});
  const std::string picture(still.begin() + 12, still.end());  // its VP8L chunk
  const auto chunk = [](const std::string& name, const std::string& data) {
    return name + little({{uint32_t(data.size()), 4}}) + data;
  };
  const std::string frame = little({{0, 3}, {0, 3}, {23, 3}, {19, 3}, {100, 3}, {0, 1}}) + picture;
  const std::string chunks = "WEBP" + chunk("VP8X", little({{2, 4}, {23, 3}, {19, 3}})) +
                             chunk("ANIM", little({{0, 4}, {0, 2}})) + chunk("ANMF", frame) +
                             chunk("ANMF", frame);
  const std::string animated = "RIFF" + little({{uint32_t(chunks.size()), 4}}) + chunks;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(decode_image(bytes_of(animated), "anim.webp", {}).data,
            decode_image(still, "still.webp", {}).data);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "warning: anim.webp: an animation, of which the first frame is taken\n");
  std::string damaged = animated;
  std::fill(damaged.begin() + 90, damaged.end(), '\0');
  refuse(damaged, "this WebP is damaged");
}

}  // namespace
}  // namespace uvic

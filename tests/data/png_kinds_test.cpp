// Every kind of PNG there is (PNG 1.2, table 2.1, and tRNS), interlaced or not, against the sums by hand.
#include <gtest/gtest.h>
#include <zlib.h>

#include "core/errors.h"
#include "data/decode.h"
#include "support/support.h"

namespace uvic {
namespace {

constexpr int kGrey = 0, kColour = 2, kPalette = 3, kGreyAlpha = 4, kColourAlpha = 6;
constexpr int kWidth = 13, kHeight = 11;
const std::array<uint8_t, 3> kBackground = {200, 100, 7};

struct Kind {
  int type, depth;
  bool transparent, interlaced;
  int samples() const { return type == kColour ? 3 : type == kColourAlpha ? 4 : type == kGreyAlpha ? 2 : 1; }
};

std::string big(uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += char(value >> (8 * i));
  return text;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string covered = type + data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(covered.data()), unsigned(covered.size()));
  return big(uint32_t(data.size()), 4) + covered + big(uint32_t(crc), 4);
}

/// Sample `c` of the pixel at (x, y): all values of few bits, a mixture of many.
uint32_t sample(const Kind& kind, int x, int y, int c) {
  const uint32_t mixed = uint32_t(x * 2654435761U + y * 40503U + c * 97U) * 2246822519U >> 7;
  // One pixel of the first row is the transparent colour.
  if (kind.transparent && kind.type != kPalette && x == 3 && y % 2 == 0)
    return uint32_t(c + 1) % (1U << kind.depth);
  return mixed % (1U << kind.depth);
}

uint8_t palette_colour(uint32_t index, int c) {
  return uint8_t(index * 37 + uint32_t(c) * 80 + 11);
}
uint8_t palette_alpha(uint32_t index) {
  return uint8_t(255 - index * 60);
}
constexpr uint32_t kAlphas = 200;  // of so many indexes; others are opaque

/// The rows of columns x0, x0 + dx ... of rows y0, y0 + dy ..., each after its filter, which is none.
std::string rows(const Kind& kind, int x0, int y0, int dx, int dy) {
  std::string bytes;
  for (int y = y0; y < kHeight && x0 < kWidth; y += dy) {
    std::string bits;
    for (int x = x0; x < kWidth; x += dx) {
      for (int c = 0; c < kind.samples(); ++c) {
        for (int bit = kind.depth - 1; bit >= 0; --bit)
          bits += char('0' + (sample(kind, x, y, c) >> bit & 1));
      }
    }
    bits.resize((bits.size() + 7) / 8 * 8, '0');
    bytes += '\0';
    for (size_t i = 0; i < bits.size(); i += 8) bytes += char(std::stoi(bits.substr(i, 8), nullptr, 2));
  }
  return bytes;
}

std::string encode(const Kind& kind) {
  std::string raw;
  if (kind.interlaced) {
    const int passes[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                              {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
    for (const auto& [x0, y0, dx, dy] : passes) raw += rows(kind, x0, y0, dx, dy);
  } else {
    raw = rows(kind, 0, 0, 1, 1);
  }
  std::string packed(compressBound(raw.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
           raw.size());
  packed.resize(size);
  std::string extra;
  if (kind.type == kPalette) {
    std::string palette, alpha;
    for (uint32_t i = 0; i < 1U << kind.depth; ++i) {
      for (int c = 0; c < 3; ++c) palette += char(palette_colour(i, c));
      if (i < kAlphas) alpha += char(palette_alpha(i));
    }
    extra = chunk("PLTE", palette);
    if (kind.transparent) extra += chunk("tRNS", alpha.substr(0, 1U << kind.depth));
  } else if (kind.transparent) {
    std::string colour;
    for (int c = 0; c < kind.samples(); ++c) colour += big(uint32_t(c + 1) % (1U << kind.depth), 2);
    extra = chunk("tRNS", colour);
  }
  const std::string header = big(kWidth, 4) + big(kHeight, 4) + char(kind.depth) + char(kind.type) +
                             std::string(2, '\0') + char(kind.interlaced);
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + extra + chunk("IDAT", packed) + chunk("IEND", "");
}

/// Red, green, blue and alpha, 0 to 255.
std::array<int, 4> colour(const Kind& kind, int x, int y) {
  const auto value = [&](int c) { return sample(kind, x, y, c); };
  const auto byte = [&](int c) {
    return kind.depth == 16 ? int(value(c) / 256) : int(value(c) * 255 / ((1U << kind.depth) - 1));
  };
  if (kind.type == kPalette) {
    const bool see_through = kind.transparent && value(0) < kAlphas;
    return {palette_colour(value(0), 0), palette_colour(value(0), 1), palette_colour(value(0), 2),
            see_through ? palette_alpha(value(0)) : 255};
  }
  bool transparent = kind.transparent;
  for (int c = 0; c < kind.samples(); ++c)
    transparent = transparent && value(c) == uint32_t(c + 1) % (1U << kind.depth);
  const bool grey = kind.type == kGrey || kind.type == kGreyAlpha;
  const bool alpha = kind.type == kGreyAlpha || kind.type == kColourAlpha;
  return {byte(0), byte(grey ? 0 : 1), byte(grey ? 0 : 2),
          alpha         ? byte(kind.samples() - 1)
          : transparent ? 0
                        : 255};
}

std::vector<uint8_t> bytes_of(const std::string& text) {
  return {text.begin(), text.end()};
}

void check(const Kind& kind) {
  SCOPED_TRACE(::testing::Message() << "colour type " << kind.type << ", " << kind.depth
                                    << " bits, transparent " << kind.transparent << ", interlaced "
                                    << kind.interlaced);
  const auto png = bytes_of(encode(kind));
  const Pixels rgb = decode_image(png, "x.png", {.background = kBackground});
  const Pixels grey = decode_image(png, "x.png", {.channels = 1, .background = kBackground});
  ASSERT_EQ(rgb.width, kWidth);
  ASSERT_EQ(rgb.height, kHeight);
  int seen_through = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const auto [r, g, b, a] = colour(kind, x, y);
      seen_through += a < 255;
      const int over[3] = {r, g, b};
      int shown[3];
      for (size_t c = 0; c < 3; ++c) {
        shown[c] = int(std::floor((over[c] * a + kBackground[c] * (255 - a)) / 255.0 + 0.5));
        ASSERT_EQ(rgb.row(y)[size_t(x) * 3 + c], shown[c]) << x << " " << y << " " << c;
      }
      ASSERT_EQ(grey.row(y)[x], (19595 * shown[0] + 38470 * shown[1] + 7471 * shown[2] + 32768) / 65536) << x;
    }
  }
  EXPECT_EQ(seen_through > 0, kind.transparent || kind.type == kGreyAlpha || kind.type == kColourAlpha);
}

TEST(PngKinds, EveryColourTypeDepthAndTransparency) {
  for (const bool interlaced : {false, true}) {
    for (const bool transparent : {false, true}) {
      for (const int depth : {1, 2, 4, 8, 16}) check({kGrey, depth, transparent, interlaced});
      for (const int depth : {8, 16}) check({kColour, depth, transparent, interlaced});
      for (const int depth : {1, 2, 4, 8}) check({kPalette, depth, transparent, interlaced});
    }
    for (const int depth : {8, 16}) {
      check({kGreyAlpha, depth, false, interlaced});
      check({kColourAlpha, depth, false, interlaced});
    }
  }
}

// Two 16-bit greys that differ in their lower byte alone: one of them is the transparent colour.
TEST(PngKinds, TransparencyIsOfAllSixteenBits) {
  std::string raw("\0\x12\x34\x12\x35", 5), packed(64, '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
           raw.size());
  packed.resize(size);
  const std::string png = "\x89PNG\r\n\x1a\n" +
                          chunk("IHDR", big(2, 4) + big(1, 4) + "\x10" + std::string(4, '\0')) +
                          chunk("tRNS", "\x12\x34") + chunk("IDAT", packed) + chunk("IEND", "");
  EXPECT_EQ(decode_image(bytes_of(png), "x.png", {.channels = 1}).data, (std::vector<uint8_t>{255, 0x12}));
}

TEST(PngKinds, AnAnimationGivesItsFirstFrameAndSaysSo) {
  const std::string png = encode({kColour, 8, false, false});
  const size_t place = png.find("IDAT") - 4;
  const std::string animated =
      png.substr(0, place) + chunk("acTL", big(2, 4) + big(0, 4)) + png.substr(place);
  ::testing::internal::CaptureStderr();
  const Pixels first = decode_image(bytes_of(animated), "anim.png", {});
  decode_image(bytes_of(animated), "anim.png", {});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "warning: anim.png: an animation, of which the first frame is taken\n");
  EXPECT_EQ(first.data, decode_image(bytes_of(png), "x.png", {}).data);
}

TEST(PngKinds, WhatIsBesideThePixelsNeedNotBeRight) {
  const std::string png = encode({kGreyAlpha, 8, false, false});
  const size_t place = png.find("IDAT") - 4;
  for (const auto& [type, data] : {std::pair<std::string, std::string>{"iCCP", "no profile"},
                                   {"gAMA", "x"},
                                   {"sBIT", "too long a chunk"},
                                   {"tRNS", "\1\1"}}) {
    ::testing::internal::CaptureStderr();
    const std::string odd = png.substr(0, place) + chunk(type, data) + png.substr(place);
    EXPECT_EQ(decode_image(bytes_of(odd), "x.png", {}).data, decode_image(bytes_of(png), "x.png", {}).data)
        << type;
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << type;
  }
}

// A stream that is damaged though every chunk's checksum is right, and one that ends too soon.
TEST(PngKinds, DamageInsideTheStreamIsNamed) {
  for (const bool cut : {true, false}) {
    std::string png = encode({kColour, 8, false, false});
    const size_t begin = png.find("IDAT") + 4, end = png.find("IEND") - 8;
    std::string data = png.substr(begin, end - begin);
    cut ? data.resize(data.size() / 2) : void(data[data.size() - 1] ^= 1);  // the stream's own checksum
    png = png.substr(0, begin - 8) + chunk("IDAT", data) + chunk("IEND", "");
    ::testing::internal::CaptureStderr();
    EXPECT_THROW_WITH(decode_image(bytes_of(png), "x.png", {}), UsageError, "x.png: this PNG is damaged");
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  }
}

}  // namespace
}  // namespace uvic

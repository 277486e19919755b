// The kinds of TIFF, written by libtiff.
#include <gtest/gtest.h>
#include <tiffio.h>

#include "core/errors.h"
#include "data/decode.h"
#include "data/image_header.h"
#include "support/support.h"

namespace uvic {
namespace {

using namespace uvic::testing;
namespace fs = std::filesystem;

struct Kind {
  int width = 21, height = 19, bands = 3, bits = 8;
  int photometric = PHOTOMETRIC_RGB, planar = PLANARCONFIG_CONTIG, format = SAMPLEFORMAT_UINT;
  int compression = COMPRESSION_NONE, orientation = 1, extra = -1, tile = 0, rows_per_strip = 7;
  const char* mode = "w";
  int pages = 1;
};

/// Any value of `bits` bits.
uint32_t sample(const Kind& kind, int x, int y, int band) {
  return (uint32_t(x) * 73856093U ^ uint32_t(y) * 19349663U ^ uint32_t(band + 1) * 83492791U) >> 5 &
         uint32_t((uint64_t{1} << kind.bits) - 1);
}

/// `columns` samples of a row from `x0` on, of one band or (-1) of all, packed.
std::string packed(const Kind& kind, int x0, int columns, int y, int band) {
  std::string bits, bytes;
  for (int x = x0; x < x0 + columns; ++x) {
    for (int b = band < 0 ? 0 : band; b < (band < 0 ? kind.bands : band + 1); ++b) {
      const uint32_t value = sample(kind, x, y, b);
      if (kind.bits == 16) {
        bytes += char(value);
        bytes += char(value >> 8);
      } else if (kind.bits == 32) {
        bytes += std::string(4, '\0');
      } else {
        for (int bit = kind.bits - 1; bit >= 0; --bit) bits += char('0' + (value >> bit & 1));
      }
    }
  }
  bits.resize((bits.size() + 7) / 8 * 8, '0');
  for (size_t i = 0; i < bits.size(); i += 8) bytes += char(std::stoi(bits.substr(i, 8), nullptr, 2));
  return bytes;
}

void write_page(TIFF* tiff, const Kind& kind) {
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, kind.width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, kind.height);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, kind.bands);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, kind.bits);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, kind.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, kind.planar);
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, kind.format);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, kind.compression);
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, kind.orientation);
  if (kind.extra >= 0) {
    const std::vector<uint16_t> extra(size_t(kind.bands - (kind.photometric == PHOTOMETRIC_RGB ? 3 : 1)),
                                      uint16_t(kind.extra));
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, int(extra.size()), extra.data());
  }
  if (kind.photometric == PHOTOMETRIC_PALETTE) {
    std::vector<uint16_t> map(3U << kind.bits);
    for (size_t i = 0; i < map.size(); ++i) map[i] = uint16_t(i * 257 * 7);
    TIFFSetField(tiff, TIFFTAG_COLORMAP, map.data(), map.data() + (1 << kind.bits),
                 map.data() + (2 << kind.bits));
  }
  if (kind.tile > 0) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, kind.tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, kind.tile);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, kind.rows_per_strip);
  }
  const bool separate = kind.planar == PLANARCONFIG_SEPARATE;
  for (int band = separate ? 0 : -1; band < (separate ? kind.bands : 0); ++band) {
    const auto plane = uint16_t(std::max(band, 0));
    for (int y = 0; kind.tile == 0 && y < kind.height; ++y) {
      std::string row = packed(kind, 0, kind.width, y, band);
      TORCH_CHECK(TIFFWriteScanline(tiff, row.data(), uint32_t(y), plane) == 1);
    }
    for (int y = 0; kind.tile > 0 && y < kind.height; y += kind.tile) {
      for (int x = 0; x < kind.width; x += kind.tile) {
        std::string tile;
        for (int i = 0; i < kind.tile; ++i) tile += packed(kind, x, kind.tile, y + i, band);
        TORCH_CHECK(TIFFWriteTile(tiff, tile.data(), uint32_t(x), uint32_t(y), 0, plane) > 0);
      }
    }
  }
  TIFFWriteDirectory(tiff);
}

class Tiff : public ::testing::Test {
 protected:
  fs::path write(const Kind& kind) {
    fs::path path = folder_ / (std::to_string(++files_) + ".tif");
    TIFF* tiff = TIFFOpen(path.c_str(), kind.mode);
    for (int page = 0; page < kind.pages; ++page) write_page(tiff, kind);
    TIFFClose(tiff);
    return path;
  }
  void refuse(const Kind& kind, const std::string& text) {
    const fs::path path = write(kind);
    ::testing::internal::CaptureStderr();
    EXPECT_THROW_WITH(read_image_header(path), UsageError, path.string() + ": this TIFF " + text);
    EXPECT_THROW_WITH(decode_image(path, {}), UsageError, path.string() + ": this TIFF " + text);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  }
  TemporaryDirectory folder_;
  int files_ = 0;
};

/// Of the pixel at (x, y): red, green, blue over white.
std::array<int, 3> colour(const Kind& kind, int x, int y) {
  const uint32_t most = (1U << kind.bits) - 1;
  std::vector<int> bytes;
  for (int b = 0; b < kind.bands; ++b) {
    const uint32_t value = sample(kind, x, y, b);
    bytes.push_back(int(kind.bits == 16 ? value >> 8 : value * 255 / most));
  }
  if (kind.photometric == PHOTOMETRIC_MINISWHITE) {
    const uint32_t value = most - sample(kind, x, y, 0);
    bytes[0] = int(kind.bits == 16 ? value >> 8 : value * 255 / most);
  }
  if (kind.photometric == PHOTOMETRIC_PALETTE) {
    const auto map = [&](size_t c) {
      return int(uint16_t((sample(kind, x, y, 0) + (c << kind.bits)) * 257 * 7) >> 8);
    };
    return {map(0), map(1), map(2)};
  }
  std::array<int, 3> rgb{};
  if (kind.photometric == PHOTOMETRIC_SEPARATED) {
    for (size_t c = 0; c < 3; ++c)
      rgb[c] = int(std::lround((255 - bytes[3]) - bytes[c] * (255 - bytes[3]) / 255.0));
    return rgb;
  }
  const bool grey = kind.photometric != PHOTOMETRIC_RGB;
  const size_t colours = grey ? 1 : 3;
  const bool has_alpha = bytes.size() > colours && kind.extra != EXTRASAMPLE_UNSPECIFIED;
  const int alpha = has_alpha ? bytes.back() : 255;
  for (size_t c = 0; c < 3; ++c) {
    int value = bytes[grey ? 0 : c];
    if (kind.extra == EXTRASAMPLE_ASSOCALPHA && alpha > 0) value = std::min(255, 255 * value / alpha);
    rgb[c] = (value * alpha + 255 * (255 - alpha) + 127) / 255;
  }
  return rgb;
}

TEST_F(Tiff, EveryKindThatCanBeRead) {
  std::vector<Kind> kinds;
  for (const int tile : {0, 16}) {
    for (const char* mode : {"wl", "wb", "w8"}) {  // little endian, big endian, BigTIFF
      for (const int planar : {PLANARCONFIG_CONTIG, PLANARCONFIG_SEPARATE}) {
        for (const int bits : {8, 16}) {
          const Kind base{.bits = bits, .planar = planar, .tile = tile, .mode = mode};
          Kind kind = base;
          kinds.push_back(kind);
          kind.bands = 4;
          for (kind.extra = -1; kind.extra <= 2; ++kind.extra) kinds.push_back(kind);
          kind = base;
          kind.photometric = PHOTOMETRIC_SEPARATED;
          kind.bands = 4;
          kinds.push_back(kind);
          kind.photometric = PHOTOMETRIC_MINISBLACK;
          kind.bands = 2;
          for (kind.extra = 0; kind.extra <= 2; ++kind.extra) kinds.push_back(kind);
        }
      }
      for (const int bits : {1, 2, 4, 8, 16}) {
        Kind kind{.bands = 1, .bits = bits, .tile = tile, .mode = mode};
        for (const int photometric : {PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_MINISWHITE, PHOTOMETRIC_PALETTE}) {
          kind.photometric = photometric;
          if (photometric != PHOTOMETRIC_PALETTE || bits <= 8) kinds.push_back(kind);
        }
      }
    }
  }
  for (const int compression : {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS}) {
    kinds.push_back({.compression = compression});
    kinds.push_back({.bits = 16, .compression = compression, .tile = 16});
  }
  kinds.push_back(
      {.bands = 1, .bits = 1, .photometric = PHOTOMETRIC_MINISWHITE, .compression = COMPRESSION_CCITTFAX4});
  ::testing::internal::CaptureStderr();
  for (const Kind& kind : kinds) {
    const Pixels image = decode_image(write(kind), {});
    ASSERT_EQ(image.width, kind.width);
    ASSERT_EQ(image.height, kind.height);
    for (int y = 0; y < kind.height; ++y) {
      for (int x = 0; x < kind.width; ++x) {
        const uint8_t* pixel = image.row(y) + 3 * x;
        const auto expected = colour(kind, x, y);
        ASSERT_EQ((std::array<int, 3>{pixel[0], pixel[1], pixel[2]}), expected)
            << "photometric " << kind.photometric << ", bands " << kind.bands << ", bits " << kind.bits
            << ", planar " << kind.planar << ", extra " << kind.extra << ", tile " << kind.tile
            << ", compression " << kind.compression << ", mode " << kind.mode << ", at " << x << " " << y;
      }
    }
  }
  for (const std::string& line : {::testing::internal::GetCapturedStderr()}) {
    EXPECT_EQ(line.find("TIFF"), std::string::npos) << line;
  }
}

// Stored rows (a b) (c d) (e f), as decode_test has them for EXIF.
TEST_F(Tiff, TurnsAsItsOrientationSays) {
  const std::map<int, std::vector<std::pair<int, int>>> corners = {
      // of each: where the stored pixels (0, 0) and (20, 0) and (0, 18) come to lie
      {1, {{0, 0}, {20, 0}, {0, 18}}},   {2, {{20, 0}, {0, 0}, {20, 18}}}, {3, {{20, 18}, {0, 18}, {20, 0}}},
      {4, {{0, 18}, {20, 18}, {0, 0}}},  {5, {{0, 0}, {0, 20}, {18, 0}}},  {6, {{18, 0}, {18, 20}, {0, 0}}},
      {7, {{18, 20}, {18, 0}, {0, 20}}}, {8, {{0, 20}, {0, 0}, {18, 20}}}};
  for (const auto& [orientation, places] : corners) {
    const Kind kind{.orientation = orientation};
    const fs::path path = write(kind);
    const Pixels image = decode_image(path, {});
    EXPECT_EQ(image.width, orientation >= 5 ? 19 : 21);
    EXPECT_EQ(read_image_header(path).orientation, orientation);
    const std::array<std::pair<int, int>, 3> stored = {std::pair{0, 0}, {20, 0}, {0, 18}};
    for (size_t i = 0; i < 3; ++i) {
      const uint8_t* pixel = image.row(places[i].second) + 3 * places[i].first;
      EXPECT_EQ((std::array<int, 3>{pixel[0], pixel[1], pixel[2]}),
                colour(kind, stored[i].first, stored[i].second))
          << orientation << " " << i;
    }
  }
}

TEST_F(Tiff, WhatCannotBeReadIsNamedByItsHeader) {
  refuse({.bits = 32, .format = SAMPLEFORMAT_IEEEFP}, "holds 32-bit float samples");
  refuse({.bands = 1, .bits = 32, .photometric = PHOTOMETRIC_MINISBLACK}, "holds 32-bit samples");
  refuse({.bands = 1, .bits = 16, .photometric = PHOTOMETRIC_MINISBLACK, .format = SAMPLEFORMAT_INT},
         "holds 16-bit signed samples");
  refuse({.bands = 5, .extra = 0}, "has 5 bands, but 3 or 4 of RGB can be read");
  refuse({.bands = 3, .photometric = PHOTOMETRIC_MINISBLACK, .extra = 0}, "has 3 bands, but 1 or 2 of grey");
}

TEST_F(Tiff, OfSeveralPagesTheFirstIsTaken) {
  const fs::path path = write({.pages = 2});
  EXPECT_EQ(read_image_header(path).note, "of its several pages the first is taken");
  ::testing::internal::CaptureStderr();
  const Pixels image = decode_image(path, {});
  decode_image(path, {});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "warning: " + path.string() + ": of its several pages the first is taken\n");
  EXPECT_EQ(image.data, decode_image(write({}), {}).data);
}

TEST_F(Tiff, TruncationIsSeenAtOnce) {
  for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW}) {
    const fs::path path = write({.compression = compression});
    // libtiff writes the directory last; moved to the front, the samples are last.
    std::string bytes = read_bytes(path);
    write_bytes(path, bytes.substr(0, bytes.size() - 40));
    EXPECT_THROW_WITH(read_image_header(path), UsageError, path.string());
    EXPECT_THROW_WITH(decode_image(path, {}), UsageError, path.string());
  }
}

// The directory first, then a strip that the file ends in.
TEST_F(Tiff, AStripPastTheEndIsTruncation) {
  const auto entry = [](uint16_t tag, uint16_t type, uint32_t value) {
    std::string bytes;
    for (const auto& [number, size] : {std::pair<uint32_t, int>{tag, 2}, {type, 2}, {1, 4}, {value, 4}}) {
      for (int i = 0; i < size; ++i) bytes += char(number >> (8 * i));
    }
    return bytes;
  };
  const std::string header("II*\0\x08\0\0\0\x08\0", 10);
  const std::string directory = entry(256, 3, 10) + entry(257, 3, 10) + entry(258, 3, 8) + entry(259, 3, 1) +
                                entry(262, 3, 1) + entry(273, 4, 110) + entry(278, 3, 10) +
                                entry(279, 4, 100);
  const std::string whole = header + directory + std::string(4, '\0') + std::string(100, 'x');
  ASSERT_EQ(whole.size(), 210U);
  const fs::path path = folder_ / "x.tif";
  write_bytes(path, whole);
  EXPECT_EQ(decode_image(path, {.channels = 1}).data, std::vector<uint8_t>(100, 'x'));
  write_bytes(path, whole.substr(0, 200));
  EXPECT_THROW_WITH(read_image_header(path), UsageError, path.string() + ": truncated");
}

}  // namespace
}  // namespace uvic

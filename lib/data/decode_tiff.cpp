#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <vector>

#include "data/decoders.h"
#include "data/tiff_file.h"

namespace uvic {
namespace {

// Pixels by which a tile may be wider or higher than the picture: tiles of 128 to 1024 are common, of a
// picture of any size.
constexpr uint32_t kMostBeyond = 2048;

/// The rows of a plane, or of all where they are interleaved, a strip or a line of tiles at a time.
class Plane {
 public:
  Plane(TiffFile& file, const TiffLayout& layout, uint16_t number)
      : file_(file), tiff_(file.get()), layout_(layout), number_(number) {
    if (TIFFIsTiled(tiff_) != 0) {
      TIFFGetField(tiff_, TIFFTAG_TILEWIDTH, &tile_width_);
      TIFFGetField(tiff_, TIFFTAG_TILELENGTH, &rows_);
      file_.check(tile_width_ > 0 && tile_width_ / 2 <= layout.width / 2 + kMostBeyond / 2 &&
                  rows_ / 2 <= layout.height / 2 + kMostBeyond / 2);
      const size_t across = (size_t{layout.width} + tile_width_ - 1) / tile_width_;
      tile_.resize(size_t(TIFFTileSize(tiff_)));
      row_bytes_ = across * size_t(TIFFTileRowSize(tiff_));
      band_.resize(row_bytes_ * rows_);
    } else {
      TIFFGetFieldDefaulted(tiff_, TIFFTAG_ROWSPERSTRIP, &rows_);
      rows_ = std::min(rows_, layout.height);
      row_bytes_ = size_t(TIFFScanlineSize(tiff_));
      band_.resize(size_t(TIFFStripSize(tiff_)));
    }
    file_.check(rows_ > 0 && row_bytes_ * rows_ <= band_.size());
  }
  const uint8_t* row(uint32_t y) {
    if (y / rows_ != loaded_) {
      loaded_ = y / rows_;
      tile_width_ > 0 ? read_tiles(loaded_ * rows_) : read_strip(y);
    }
    return band_.data() + y % rows_ * row_bytes_;
  }

 private:
  void read_strip(uint32_t y) {
    const uint32_t left = std::min(rows_, layout_.height - loaded_ * rows_);
    const auto got =
        TIFFReadEncodedStrip(tiff_, TIFFComputeStrip(tiff_, y, number_), band_.data(), tsize_t(-1));
    file_.check(got >= 0 && size_t(got) >= row_bytes_ * left);
  }
  void read_tiles(uint32_t y) {
    const auto bytes = size_t(TIFFTileRowSize(tiff_));
    for (uint32_t x = 0; x < layout_.width; x += tile_width_) {
      const auto got =
          TIFFReadEncodedTile(tiff_, TIFFComputeTile(tiff_, x, y, 0, number_), tile_.data(), tsize_t(-1));
      file_.check(got >= 0 && size_t(got) == tile_.size());
      for (uint32_t i = 0; i < rows_; ++i) {
        std::memcpy(&band_[i * row_bytes_ + x / tile_width_ * bytes], &tile_[i * bytes], bytes);
      }
    }
  }
  TiffFile& file_;
  TIFF* tiff_;
  const TiffLayout& layout_;
  uint16_t number_;
  uint32_t rows_ = 0, tile_width_ = 0, loaded_ = std::numeric_limits<uint32_t>::max();
  size_t row_bytes_ = 0;
  std::vector<uint8_t> band_, tile_;
};

/// `count` samples of 1, 2, 4, 8 or 16 bits, each put `step` places after the one before.
void unpack(const uint8_t* packed, uint16_t bits, size_t count, uint16_t* out, size_t step) {
  const int mask = (1 << std::min<int>(bits, 8)) - 1;
  for (size_t i = 0; i < count; ++i, out += step) {
    if (bits == 16) {
      std::memcpy(out, packed + 2 * i, 2);
    } else {
      const size_t bit = i * bits;
      *out = static_cast<uint16_t>(packed[bit / 8] >> (8 - bits - bit % 8) & mask);
    }
  }
}

/// Alpha multiplied into the colours is taken out again, as Pillow does.
void divide_by_alpha(uint8_t* row, size_t pixels, size_t samples) {
  for (size_t i = 0; i < pixels; ++i, row += samples) {
    const int alpha = row[samples - 1];
    for (size_t c = 0; alpha > 0 && alpha < 255 && c + 1 < samples; ++c) {
      row[c] = static_cast<uint8_t>(std::min(255, 255 * row[c] / alpha));
    }
  }
}

/// RGB of each index.
std::vector<uint8_t> palette_of(TIFF* tiff, int bits) {
  std::array<uint16_t*, 3> maps{};
  std::vector<uint8_t> palette(3U << bits);
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &maps[0], &maps[1], &maps[2]) == 0) return {};
  bool eight = true;  // some writers fill in bytes where 16 bits belong
  for (size_t i = 0; i < palette.size(); ++i) eight = eight && maps[i % 3][i / 3] < 256;
  for (size_t i = 0; i < palette.size(); ++i) {
    palette[i] = static_cast<uint8_t>(maps[i % 3][i / 3] >> (eight ? 0 : 8));
  }
  return palette;
}

void decode_converted(TiffFile& file, const TiffLayout& layout, PixelRows& rows) {
  std::vector<uint32_t> raster(size_t{layout.width} * layout.height);
  file.check(TIFFReadRGBAImageOriented(file.get(), layout.width, layout.height, raster.data(),
                                       ORIENTATION_TOPLEFT, /*stopOnError=*/1) != 0);
  rows.begin(layout.width, layout.height, 3);
  std::vector<uint8_t> rgb(3 * size_t{layout.width});
  for (uint32_t y = 0; y < layout.height; ++y) {
    const uint32_t* row = &raster[size_t{y} * layout.width];
    for (size_t x = 0; x < layout.width; ++x) {
      rgb[3 * x] = static_cast<uint8_t>(TIFFGetR(row[x]));
      rgb[3 * x + 1] = static_cast<uint8_t>(TIFFGetG(row[x]));
      rgb[3 * x + 2] = static_cast<uint8_t>(TIFFGetB(row[x]));
    }
    rows.put(y, rgb.data());
  }
}

}  // namespace

void decode_tiff(std::span<const uint8_t> bytes, const std::string& name, PixelRows& rows) {
  TiffFile file(bytes, name);
  const TiffLayout layout = file.layout();
  if (layout.is_converted()) {
    // The turn is the caller's.
    TIFFSetField(file.get(), TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
    decode_converted(file, layout, rows);
    return;
  }
  const bool separate = layout.planar == PLANARCONFIG_SEPARATE && layout.bands > 1;
  const bool white_is_zero = layout.photometric == PHOTOMETRIC_MINISWHITE;
  const size_t width = layout.width, bands = layout.bands;
  const bool ink = layout.colours() == 4, has_palette = layout.photometric == PHOTOMETRIC_PALETTE;
  const bool has_alpha = !ink && layout.bands > layout.colours();
  std::vector<Plane> planes;
  const uint16_t count = separate ? layout.bands : 1;
  for (uint16_t p = 0; p < count; ++p) planes.emplace_back(file, layout, p);
  const std::vector<uint8_t> palette =
      has_palette ? palette_of(file.get(), layout.bits) : std::vector<uint8_t>{};
  file.check(!has_palette || !palette.empty());
  rows.begin(layout.width, layout.height, ink || has_palette ? 3 : int(bands));
  std::vector<uint16_t> samples(width * bands);
  std::vector<uint8_t> line(width * std::max<size_t>(bands, 3));
  const int most = (1 << layout.bits) - 1;
  for (uint32_t y = 0; y < layout.height; ++y) {
    for (size_t p = 0; p < planes.size(); ++p) {
      unpack(planes[p].row(y), layout.bits, separate ? width : samples.size(), &samples[p], planes.size());
    }
    for (size_t i = 0; white_is_zero && i < samples.size(); i += bands) {
      samples[i] = static_cast<uint16_t>(most - samples[i]);
    }
    uint8_t* row = line.data();
    if (layout.bits == 16) {
      row = rows.upper_bytes(samples.data(), int(bands));
    } else {
      const int scale = has_palette ? 1 : 255 / most;
      for (size_t i = 0; i < samples.size(); ++i) row[i] = static_cast<uint8_t>(samples[i] * scale);
    }
    if (has_palette) {
      for (size_t x = 0; x < width; ++x) std::copy_n(&palette[size_t{3} * samples[x]], 3, &row[3 * x]);
    }
    for (size_t x = 0; ink && x < width; ++x) ink_to_rgb(&row[4 * x], &row[3 * x]);
    if (has_alpha && layout.extra == EXTRASAMPLE_ASSOCALPHA) divide_by_alpha(row, width, bands);
    if (has_alpha && layout.extra == EXTRASAMPLE_UNSPECIFIED) {
      for (size_t x = 1; x <= width; ++x) row[x * bands - 1] = 255;
    }
    rows.put(y, row);
  }
}

}  // namespace uvic

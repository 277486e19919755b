#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <csetjmp>
#include <cstring>
#include <string_view>
#include <vector>

#include "data/byte_view.h"
#include "data/decoders.h"

namespace uvic {
namespace {

using Bytes = std::span<const uint8_t>;

/// What libpng warns of though every pixel is there and is as it should be.
constexpr std::array<std::string_view, 4> kHarmless = {"invalid with alpha channel", "ignored in grayscale",
                                                       "Too much image data", "Extra compressed data"};

/// libpng prints warnings by itself; here the first that matters jumps back, as errors do.
struct Source {
  const uint8_t* next;
  size_t left;
  std::array<char, 128> text;
};

[[noreturn]] void on_error(png_structp png, png_const_charp text) {
  auto& kept = static_cast<Source*>(png_get_error_ptr(png))->text;
  std::strncpy(kept.data(), text, kept.size() - 1);
  png_longjmp(png, 1);
}

void on_warning(png_structp png, png_const_charp text) {
  const std::string_view view(text);
  const bool harmless = std::any_of(kHarmless.begin(), kHarmless.end(), [&](std::string_view known) {
    return view.find(known) != std::string_view::npos;
  });
  if (!harmless) on_error(png, text);
}

void read_bytes(png_structp png, png_bytep out, size_t count) {
  auto& source = *static_cast<Source*>(png_get_io_ptr(png));
  if (count > source.left) png_error(png, "the file ends too soon");
  std::memcpy(out, source.next, count);
  source.next += count;
  source.left -= count;
}

class PngReader {
 public:
  PngReader(Bytes bytes, const std::string& name) : name_(name), source_{bytes.data(), bytes.size(), {}} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source_, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, &info_, nullptr);
      throw std::bad_alloc();
    }
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  /// Calls into libpng; nothing that has a destructor may be made in there.
  template <class Calls>
  void guarded(const Calls& calls) {
    if (setjmp(png_jmpbuf(png_)) != 0) {
      usage_error(name_, ": this PNG is damaged or of a kind that cannot be decoded: ", source_.text.data());
    }
    calls(png_, info_);
  }
  /// Reads what comes before the pixels, and asks for whole bytes, RGB for a palette and alpha for a colour
  /// that is transparent.
  void start() {
    guarded([this](png_structp png, png_infop info) {
      png_set_read_fn(png, &source_, read_bytes);
      png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
      png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);  // check_chunks has looked
      // Colour profiles, texts and the like, which need not be right: all but IHDR, PLTE, tRNS, IDAT, IEND.
      png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
      png_read_info(png, info);
      png_set_palette_to_rgb(png);
      png_set_expand_gray_1_2_4_to_8(png);
      if (png_get_valid(png, info, PNG_INFO_tRNS)) png_set_tRNS_to_alpha(png);
      if (std::endian::native == std::endian::little) png_set_swap(png);
      passes_ = png_set_interlace_handling(png);
      png_read_update_info(png, info);
    });
  }
  void read_row(uint8_t* row) {
    guarded([row](png_structp png, png_infop) { png_read_row(png, row, nullptr); });
  }
  void finish() {
    guarded([](png_structp png, png_infop) { png_read_end(png, nullptr); });
  }
  int64_t width() const { return png_get_image_width(png_, info_); }
  int64_t height() const { return png_get_image_height(png_, info_); }
  int samples() const { return png_get_channels(png_, info_); }
  bool deep() const { return png_get_bit_depth(png_, info_) == 16; }
  int passes() const { return passes_; }
  size_t row_bytes() const { return png_get_rowbytes(png_, info_); }

 private:
  const std::string& name_;
  Source source_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
};

void check_chunks(Bytes bytes, const std::string& name) {
  const ByteView view(bytes);
  try {
    for (size_t at = 8; !view.has(at - 8, "IEND");) {
      const size_t length = view.u32(at);
      const Bytes covered = view.part(at + 4, 4 + length);
      const auto crc = crc32(0, covered.data(), static_cast<unsigned>(covered.size()));
      check_usage(crc == view.u32(at + 8 + length), name, ": damaged: wrong checksum at byte ", at);
      at += 12 + length;
    }
  } catch (const OutOfBytes&) {
    usage_error(name, ": truncated: the file ends before the picture does");
  }
}

}  // namespace

void decode_png(Bytes bytes, const std::string& name, PixelRows& rows) {
  check_chunks(bytes, name);
  PngReader reader(bytes, name);
  reader.start();
  const int64_t height = reader.height();
  rows.begin(reader.width(), height, reader.samples());
  // Interlaced pictures fill all rows pass by pass; others need one.
  const size_t kept = reader.passes() > 1 ? size_t(height) : 1, row_bytes = reader.row_bytes();
  std::vector<uint16_t> buffer((kept * row_bytes + 1) / 2);  // 16-bit samples are aligned
  const auto row = [&](int64_t y) {
    return reinterpret_cast<uint8_t*>(buffer.data()) + (kept > 1 ? size_t(y) * row_bytes : 0);
  };
  for (int pass = 0; pass < reader.passes(); ++pass) {
    for (int64_t y = 0; y < height; ++y) {
      reader.read_row(row(y));
      if (pass + 1 < reader.passes()) continue;
      const uint8_t* done = row(y);
      rows.put(y, reader.deep() ? rows.upper_bytes(reinterpret_cast<const uint16_t*>(done), reader.samples())
                                : done);
    }
  }
  reader.finish();
}

}  // namespace uvic

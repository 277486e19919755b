#include "io/png.h"

#include <ATen/ATen.h>
#include <libdeflate.h>

#include <cstdlib>
#include <limits>
#include <memory>
#include <string_view>

#include "core/dtype.h"
#include "core/errors.h"
#include "core/text.h"
#include "io/atomic_file.h"
#include "io/deflate.h"
#include "io/read_file.h"

namespace {

// A compressor of level 1, one a thread: making one costs more than a small image does.
libdeflate_compressor* compressor() {
  struct Free {
    void operator()(libdeflate_compressor* compressor) const { libdeflate_free_compressor(compressor); }
  };
  static thread_local const std::unique_ptr<libdeflate_compressor, Free> own(libdeflate_alloc_compressor(1));
  return own.get();
}

// stb's own deflate would take six sevenths of the time, at 32 x 32 as at 256 x 256
// (tests/tools/bench_png.cpp).
unsigned char* deflate_for_stb(unsigned char* data, int size, int* compressed_size, int /*level*/) {
  if (compressor() == nullptr) return nullptr;
  const size_t bound = libdeflate_zlib_compress_bound(compressor(), static_cast<size_t>(size));
  auto* out = static_cast<unsigned char*>(std::malloc(bound));  // stb frees it
  if (out == nullptr) return nullptr;
  *compressed_size =
      static_cast<int>(libdeflate_zlib_compress(compressor(), data, static_cast<size_t>(size), out, bound));
  return out;
}

// stb's own, by a table, would cost 17 % of the speed at 32 x 32 and 9 % at 256 x 256.
uint32_t crc_for_stb(const unsigned char* data, int size) {
  return libdeflate_crc32(0, data, static_cast<size_t>(size));
}

}  // namespace

#define STBIW_ZLIB_COMPRESS deflate_for_stb
#define STBIW_CRC32 crc_for_stb
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION
#if __has_include(<stb/stb_image_write.h>)
#include <stb/stb_image_write.h>
#else
#include <stb_image_write.h>
#endif
#pragma GCC diagnostic pop

namespace uvic {
namespace {

// Paeth on every line: within 2 % of the size that stb's choice of the best of five filters gives, at 1.7
// (32 x 32) and 1.3 (256 x 256) times the speed. A constant of stb's, set once before any thread encodes.
[[maybe_unused]] const int filter_is_set = stbi_write_force_png_filter = 4;

// A chunk: u32 length of data, 4-byte type, data, u32 CRC of type and data; big-endian.
constexpr std::string_view kSignature("\x89PNG\r\n\x1a\n", 8);
constexpr size_t kHeaderLength = 13, kChunkOverhead = 12;

std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

uint32_t read_big_endian(std::string_view bytes) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

uint32_t crc(std::string_view bytes) {
  return libdeflate_crc32(0, bytes.data(), bytes.size());
}

// stb writes no text; the `parameters` record is such a chunk.
std::string text_chunk(const std::string& keyword, const std::string& text) {
  TORCH_CHECK(!keyword.empty() && keyword.size() < 80 && keyword.find('\0') == std::string::npos &&
                  text.find('\0') == std::string::npos,
              "a PNG keyword has 1 to 79 bytes, and neither it nor its text has a zero byte: '", keyword,
              "'");
  const std::string body = "tEXt" + keyword + '\0' + text;
  return big_endian(static_cast<uint32_t>(body.size() - 4)) + body + big_endian(crc(body));
}

/// Channels of IHDR's colour type, 0 if there is no such type.
int64_t channels_of(char colour_type) {
  switch (colour_type) {
    case 0:
    case 3:
      return 1;
    case 2:
      return 3;
    case 4:
      return 2;
    case 6:
      return 4;
    default:
      return 0;
  }
}

}  // namespace

bool png_can_hold(int64_t width, int64_t height, int64_t depth, int64_t colour, int64_t file_size) {
  const double bits = double(width) * double(height) * double(depth * channels_of(char(colour)));
  return bits / 8 <= double(kMostOfADeflatedByte) * double(file_size);
}

void check_png_size(int64_t channels, int64_t height, int64_t width) {
  // stb holds each line with the byte of its filter, then all of them compressed, then the chunks.
  constexpr int kMost = std::numeric_limits<int>::max(), kChunks = 57;
  const double bytes = (double(width) * double(channels) + 1) * double(height);
  const bool fits = bytes < kMost && libdeflate_zlib_compress_bound(nullptr, size_t(bytes)) < kMost - kChunks;
  check_usage(fits, "a PNG of ", width, " x ", height, " pixels would hold ", format_bytes(bytes),
              "; one of less than 2 GiB can be written");
}

std::string encode_png(const at::Tensor& image, const std::map<std::string, std::string>& text) {
  TORCH_CHECK(image.dim() == 3 && image.scalar_type() == at::kByte && image.numel() > 0 &&
                  (image.size(0) == 1 || image.size(0) == 3 || image.size(0) == 4),
              "a PNG takes uint8 [C, H, W] with C = 1, 3 or 4, got ", dtype_name(image.scalar_type()), " ",
              image.sizes());
  check_png_size(image.size(0), image.size(1), image.size(2));
  const at::Tensor pixels = image.permute({1, 2, 0}).to(at::kCPU).contiguous();
  const int height = static_cast<int>(pixels.size(0)), width = static_cast<int>(pixels.size(1)),
            channels = static_cast<int>(pixels.size(2));
  std::string bytes;
  const auto append = [](void* out, void* data, int size) {
    static_cast<std::string*>(out)->append(static_cast<const char*>(data), static_cast<size_t>(size));
  };
  const int written = stbi_write_png_to_func(append, &bytes, width, height, channels, pixels.const_data_ptr(),
                                             width * channels);
  TORCH_CHECK(written != 0, "cannot encode a PNG of ", width, " x ", height, ": out of memory");
  std::string records;
  for (const auto& [keyword, value] : text) records += text_chunk(keyword, value);
  return bytes.insert(kSignature.size() + kChunkOverhead + kHeaderLength, records);
}

void save_png(const std::filesystem::path& path, const at::Tensor& image,
              const std::map<std::string, std::string>& text) {
  write_file_atomically(path, encode_png(image, text));
}

std::optional<PngInfo> inspect_png(const std::filesystem::path& path) {
  try {
    return inspect_png_bytes(read_text(path));
  } catch (const UsageError&) {
    return std::nullopt;
  }
}

// An own walk over the chunks, as stb's reader passes over CRCs and text: a half-written image must not count
// (DumpSink::missing), and what a PNG says of its making must be found without decoding it.
std::optional<PngInfo> inspect_png_bytes(std::string_view rest) {
  if (!rest.starts_with(kSignature)) return std::nullopt;
  rest.remove_prefix(kSignature.size());

  PngInfo info;
  for (bool first = true; rest.size() >= kChunkOverhead; first = false) {
    const size_t length = read_big_endian(rest);
    if (length > rest.size() - kChunkOverhead) return std::nullopt;
    const std::string_view type = rest.substr(4, 4), data = rest.substr(8, length);
    if (crc(rest.substr(4, 4 + length)) != read_big_endian(rest.substr(8 + length))) return std::nullopt;
    rest.remove_prefix(length + kChunkOverhead);
    if (first) {
      if (type != "IHDR" || length != kHeaderLength) return std::nullopt;
      info.width = read_big_endian(data);
      info.height = read_big_endian(data.substr(4));
      info.channels = channels_of(data[9]);
      if (info.width == 0 || info.height == 0 || info.channels == 0) return std::nullopt;
    } else if (type == "tEXt") {
      const size_t end = data.find('\0');
      if (end == std::string_view::npos) return std::nullopt;
      info.text[std::string(data.substr(0, end))] = data.substr(end + 1);
    } else if (type == "IEND") {
      return rest.empty() ? std::optional(info) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace uvic

#include "io/png_decode.h"

#include <ATen/ATen.h>

#include <cstring>
#include <limits>
#include <memory>

#include "io/png.h"

namespace {

// stb copies the nothing of an empty chunk to a null pointer, which memcpy does not allow.
void* copy_unless_empty(void* to, const void* from, size_t bytes) {
  return bytes > 0 ? std::memcpy(to, from, bytes) : to;
}

}  // namespace

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define memcpy copy_unless_empty
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#else
#include <stb_image.h>
#endif
#undef memcpy
#pragma GCC diagnostic pop

namespace uvic {

at::Tensor decode_png(std::string_view bytes) {
  constexpr size_t kSignature = 8, kAroundAChunk = 12, kHeaderEnd = 33;  // the last, of IHDR
  if (bytes.size() < kHeaderEnd || bytes.size() > std::numeric_limits<int>::max()) return {};
  const auto byte = [&](size_t at) { return int64_t{static_cast<unsigned char>(bytes[at])}; };
  const auto number = [&](size_t at) {
    return byte(at) << 24 | byte(at + 1) << 16 | byte(at + 2) << 8 | byte(at + 3);
  };
  // stb allocates what the header and the lengths of chunks say before it looks for the bytes.
  if (bytes.substr(12, 4) != "IHDR") return {};
  if (!png_can_hold(number(16), number(20), byte(24), byte(25), int64_t(bytes.size()))) return {};
  for (size_t at = kSignature; bytes.substr(at - 8, 4) != "IEND";) {
    if (bytes.size() - at < kAroundAChunk || number(at) > int64_t(bytes.size() - at - kAroundAChunk))
      return {};
    at += size_t(number(at)) + kAroundAChunk;
  }
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()),
                            &width, &height, &channels, 0),
      stbi_image_free);
  if (pixels == nullptr) return {};
  return at::from_blob(pixels.get(), {height, width, channels}, at::kByte).permute({2, 0, 1}).clone();
}

}  // namespace uvic

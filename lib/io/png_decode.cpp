#include "io/png_decode.h"

#include <ATen/ATen.h>

#include <limits>
#include <memory>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STBI_ONLY_PNG
#define STBI_NO_STDIO
#if __has_include(<stb/stb_image.h>)
#include <stb/stb_image.h>
#else
#include <stb_image.h>
#endif
#pragma GCC diagnostic pop

namespace uvic {

at::Tensor decode_png(std::string_view bytes) {
  if (bytes.size() > std::numeric_limits<int>::max()) return {};
  int width = 0, height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(reinterpret_cast<const stbi_uc*>(bytes.data()), static_cast<int>(bytes.size()),
                            &width, &height, &channels, 0),
      stbi_image_free);
  if (pixels == nullptr) return {};
  return at::from_blob(pixels.get(), {height, width, channels}, at::kByte).permute({2, 0, 1}).clone();
}

}  // namespace uvic

#include "tools/stb_alone.h"

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

std::string stb_alone(const at::Tensor& image) {
  std::string bytes;
  const auto append = [](void* out, void* data, int size) {
    static_cast<std::string*>(out)->append(static_cast<const char*>(data), size_t(size));
  };
  const auto channels = int(image.size(0)), height = int(image.size(1)), width = int(image.size(2));
  stbi_write_png_to_func(append, &bytes, width, height, channels, image.const_data_ptr(), width * channels);
  return bytes;
}

}  // namespace uvic

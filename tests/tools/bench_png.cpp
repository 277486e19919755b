// `bench_png [SECONDS]`: images/s of encode_png against stb_image_write alone and libpng at level 1 with its
// own choice of filters and with one filter, interleaved in one process and one thread; the ratios of
// medians.
#include <png.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

#include "io/png.h"
#include "tools/stb_alone.h"

namespace uvic {
namespace {

using Clock = std::chrono::steady_clock;

/// Pictures with the detail of a photograph, uint8 [3, size, size], its pixels' channels together.
std::vector<at::Tensor> pictures(int size, int count) {
  std::mt19937 random(1);
  std::normal_distribution<float> grain(0, 6);
  std::vector<at::Tensor> images;
  for (int k = 0; k < count; ++k) {
    at::Tensor image = at::empty({size, size, 3}, at::kByte);
    auto* out = image.mutable_data_ptr<uint8_t>();
    for (int i = 0; i < size * size * 3; ++i) {
      const float x = float(i / 3 % size) * 32 / float(size), y = float(i / 3 / size) * 32 / float(size);
      const float level = 127 + 60 * std::sin(.11F * x + .5F * float(k) + float(i % 3)) +
                          50 * std::cos(.07F * y - .3F * float(k)) + grain(random);
      out[i] = uint8_t(std::clamp(level, 0.F, 255.F));
    }
    images.push_back(image.permute({2, 0, 1}));
  }
  return images;
}

std::string libpng_level_1(const at::Tensor& image, bool one_filter) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(
      png, &bytes,
      [](png_structp writer, png_bytep data, size_t size) {
        static_cast<std::string*>(png_get_io_ptr(writer))->append(reinterpret_cast<char*>(data), size);
      },
      nullptr);
  const auto height = uint32_t(image.size(1)), width = uint32_t(image.size(2));
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGB, 0, 0, 0);
  png_set_compression_level(png, 1);
  if (one_filter) png_set_filter(png, 0, PNG_FILTER_PAETH);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; ++y) png_write_row(png, image.const_data_ptr<uint8_t>() + y * width * 3);
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

struct Encoder {
  const char* name;
  std::function<std::string(const at::Tensor&)> encode;
  std::vector<double> rates = {};
  size_t bytes = 0;
  double median() {
    std::sort(rates.begin(), rates.end());
    return rates[rates.size() / 2];
  }
};

void compare(int size, double seconds) {
  const auto images = pictures(size, std::max(4, 200'000 / (size * size)));
  std::vector<Encoder> encoders{
      {"encode_png", [](const at::Tensor& image) { return encode_png(image); }},
      {"libpng level 1", [](const at::Tensor& image) { return libpng_level_1(image, false); }},
      {"libpng level 1, Paeth", [](const at::Tensor& image) { return libpng_level_1(image, true); }},
      {"stb alone", stb_alone}};
  const auto began = Clock::now();
  while (std::chrono::duration<double>(Clock::now() - began).count() < seconds ||
         encoders[0].rates.size() < 5) {
    for (Encoder& encoder : encoders) {
      encoder.bytes = 0;
      const auto start = Clock::now();
      for (const at::Tensor& image : images) encoder.bytes += encoder.encode(image).size();
      encoder.rates.push_back(double(images.size()) /
                              std::chrono::duration<double>(Clock::now() - start).count());
    }
  }
  const double ours = encoders[0].median();
  for (Encoder& encoder : encoders) {
    std::printf("%3d x %-3d  %-22s %8.0f images/s  %7zu bytes  encode_png is %.1f times as fast\n", size,
                size, encoder.name, encoder.median(), encoder.bytes / images.size(), ours / encoder.median());
  }
}

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 3;
  for (const int size : {32, 64, 256}) uvic::compare(size, seconds);
}

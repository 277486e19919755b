// Image files of all formats: their headers and their pixels.
#include "data/decode.h"
#include "data/image_header.h"
#include "fuzz/fuzz.h"
#include "fuzz/png_checksums.h"

namespace uvic {
namespace {

constexpr int64_t kMostPixels = 1 << 18;

void read_image(std::string_view text) {
  const std::span bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  fuzz::taken_or_refused([&] { parse_image_header(bytes, int64_t(bytes.size()), "x"); });
  for (const DecodeOptions& options :
       {DecodeOptions{.max_pixels = kMostPixels},
        DecodeOptions{.channels = 1, .max_pixels = kMostPixels, .to_cover = {2, 2}}}) {
    fuzz::taken_or_refused([&] { decode_with_alpha(bytes, "x", options); });
  }
  fuzz::taken_or_refused([&] { largest_16_bit_sample(bytes, "x", {.max_pixels = kMostPixels}); });
}

}  // namespace
}  // namespace uvic

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace uvic;
  const std::string_view bytes = fuzz::text_of(data, size);
  read_image(bytes);
  if (bytes.starts_with("\x89PNG")) read_image(fuzz::with_png_checksums(bytes));
  const auto path = fuzz::file_of(bytes, "x.png");
  return fuzz::taken_or_refused([&] { read_image_header(path); });
}

#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>
#include <vector>

#include "data/decoders.h"

namespace uvic {
namespace {

using Bytes = std::span<const uint8_t>;

/// The first frame on its canvas, RGBA; null if it is damaged. It lives as long as `decoder`.
const uint8_t* first_frame(WebPAnimDecoder* decoder) {
  uint8_t* frame = nullptr;
  int timestamp = 0;
  return decoder != nullptr && WebPAnimDecoderGetNext(decoder, &frame, &timestamp) ? frame : nullptr;
}

}  // namespace

void decode_webp(Bytes bytes, const std::string& name, PixelRows& rows) {
  const auto check = [&](bool decoded) {
    check_usage(decoded, name, ": this WebP is damaged or of a kind that cannot be decoded");
  };
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(bytes.data(), bytes.size(), &features);
  if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
  check(status == VP8_STATUS_OK);
  const int samples = features.has_animation || features.has_alpha ? 4 : 3;
  const size_t stride = size_t(features.width) * size_t(samples);
  rows.begin(features.width, features.height, samples);
  const auto put_all = [&](const uint8_t* pixels) {
    for (int y = 0; y < features.height; ++y) rows.put(y, pixels + size_t(y) * stride);
  };
  if (features.has_animation) {
    const WebPData data{bytes.data(), bytes.size()};
    const std::unique_ptr<WebPAnimDecoder, void (*)(WebPAnimDecoder*)> decoder(
        WebPAnimDecoderNew(&data, nullptr), WebPAnimDecoderDelete);
    const uint8_t* frame = first_frame(decoder.get());
    check(frame != nullptr);
    put_all(frame);
  } else {
    std::vector<uint8_t> pixels(stride * size_t(features.height));
    const auto decode = samples == 4 ? WebPDecodeRGBAInto : WebPDecodeRGBInto;
    check(decode(bytes.data(), bytes.size(), pixels.data(), pixels.size(), int(stride)) != nullptr);
    put_all(pixels.data());
  }
}

}  // namespace uvic

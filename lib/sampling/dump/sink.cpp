#include "sampling/dump/sink.h"

#include <ATen/ATen.h>

#include "io/png.h"

namespace uvic {

std::string interleaved(const at::Tensor& image) {
  const at::Tensor pixels = image.permute({1, 2, 0}).contiguous();
  return {static_cast<const char*>(pixels.const_data_ptr()), size_t(pixels.numel())};
}

std::string DumpSink::encode(size_t index, const at::Tensor& image) const {
  if (!holds_png(plan_.manifest.format)) return interleaved(image);
  return encode_png(image, {{"parameters", plan_.record(index)}});
}

}  // namespace uvic

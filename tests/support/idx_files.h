// Small idx files, written byte by byte so that the tests do not depend on our own code for the format.
#pragma once
#include <ATen/ATen.h>
#include <zlib.h>

#include <string>
#include <vector>

#include "support/support.h"

namespace uvic::testing {

inline const std::string kImages = "train-images-idx3-ubyte";
inline const std::string kLabels = "train-labels-idx1-ubyte";

inline std::string idx_header(const std::vector<uint32_t>& sizes) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  for (const uint32_t size : sizes) {
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(size >> shift & 0xFF);
  }
  return bytes;
}

inline std::string gzip(const std::string& bytes) {
  z_stream stream{};
  TORCH_CHECK(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  TORCH_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// `count` bytes that look random and differ from one `salt` to the next.
inline std::string noise_bytes(size_t count, uint32_t salt) {
  std::string bytes;
  for (uint32_t i = 0; i < count; ++i) {
    bytes += static_cast<char>((i * 2654435761U ^ salt * 40503U) * 2246822519U >> 24);
  }
  return bytes;
}

/// Images of `noise_bytes(height * width, i)`, image i labelled i mod `classes`.
inline void write_set(const std::filesystem::path& folder, uint32_t count, uint32_t height, uint32_t width,
                      uint32_t classes = 256) {
  std::string images = idx_header({count, height, width}), labels = idx_header({count});
  for (uint32_t i = 0; i < count; ++i) {
    images += noise_bytes(size_t{height} * width, i);
    labels += static_cast<char>(i % classes);
  }
  write_bytes(folder / kImages, images);
  write_bytes(folder / kLabels, labels);
}

/// uint8 of `sizes` from `bytes`.
inline at::Tensor byte_tensor(const std::string& bytes, at::IntArrayRef sizes) {
  return at::from_blob(const_cast<char*>(bytes.data()), sizes, at::kByte).clone();
}

}  // namespace uvic::testing

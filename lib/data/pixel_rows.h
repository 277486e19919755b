// What decoders hand their rows to, whatever the format.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "data/decode.h"

namespace uvic {

/// Turns rows of 8-bit samples into the channels that are asked for, over the background where they are
/// transparent.
class PixelRows {
 public:
  explicit PixelRows(const DecodeOptions& options) : options_(options) {}

  /// `samples` of a pixel: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha (not multiplied into the
  /// colours).
  void begin(int64_t width, int64_t height, int samples);
  /// Row `y`, of width x samples.
  void put(int64_t y, const uint8_t* row);
  /// The upper 8 of 16 bits of the samples of a row, `samples` a pixel, until the next call.
  uint8_t* upper_bytes(const uint16_t* row, int samples);

  const DecodeOptions& options() const { return options_; }
  Pixels& pixels() { return pixels_; }
  /// Whether the samples have an alpha.
  bool alpha() const { return alpha_; }
  /// The largest colour sample that upper_bytes has met; -1 if it has met none.
  int largest() const { return largest_; }

  std::string note;  ///< as ImageHeader's: what decoding alone shows

 private:
  DecodeOptions options_;
  Pixels pixels_{0, 0, 0};
  bool alpha_ = false;
  int largest_ = -1;
  std::vector<uint8_t> upper_;
  void (*convert_)(const uint8_t*, int, const std::array<uint8_t, 3>&, uint8_t*) = nullptr;
};

/// Amounts of cyan, magenta, yellow and black ink to red, green and blue, as Pillow has it.
void ink_to_rgb(const uint8_t* ink, uint8_t* rgb);

}  // namespace uvic

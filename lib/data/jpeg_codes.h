// The entropy-coded bits of a JPEG and its Huffman codes (ITU-T T.81, annexes C and F).
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace uvic {

class JpegBits {
 public:
  explicit JpegBits(std::span<const uint8_t> bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}
  uint32_t peek(int n) {
    if (count_ < n) fill();
    return static_cast<uint32_t>(buffer_ >> (count_ - n)) & ((1U << n) - 1);
  }
  void skip(int n) { count_ -= n; }  // of what has been peeked at
  /// Skips what has not been.
  void pass(int n) {
    if (count_ < n) fill();
    count_ -= n;
  }
  /// More has been read than there is.
  bool is_exhausted() const { return padded_ > count_; }
  /// Whether whole bytes are left before the next marker that are not mere padding.
  bool has_left_over() {
    std::vector<uint8_t> left;
    count_ -= (count_ - padded_) % 8;  // what fills up the last byte
    for (int n = count_ - padded_; n >= 8; n -= 8) {
      left.push_back(static_cast<uint8_t>(buffer_ >> (count_ - 8)));
      count_ -= 8;
    }
    for (; !at_marker(); at_ += step()) left.push_back(*at_);
    const auto all = [&](int value) {
      return std::count(left.begin(), left.end(), value) == int64_t(left.size());
    };
    return !left.empty() && !all(0) && !all(0xFF);
  }
  /// Goes past a restart marker; false if there is none.
  bool restart() {
    if (end_ - at_ < 2 || at_[1] < 0xD0 || at_[1] > 0xD7) return false;
    at_ += 2;
    count_ = padded_ = 0;
    return true;
  }
  const uint8_t* place() const { return at_; }

 private:
  bool at_marker() const { return at_ == end_ || (*at_ == 0xFF && (at_ + 1 == end_ || at_[1] != 0)); }
  int step() const { return *at_ == 0xFF ? 2 : 1; }  // FF 00 is one byte, FF
  static bool has_ff(uint64_t bytes) {
    constexpr uint64_t kOnes = 0x0101010101010101;
    return ((~bytes - kOnes) & bytes & (kOnes << 7)) != 0;
  }
  void fill() {
    uint64_t next = 0;
    if (end_ - at_ >= int(sizeof next)) {
      std::memcpy(&next, at_, sizeof next);
      if (!has_ff(next)) {  // then none of them is a marker or stuffed: as many as fit, at once
        const int many = (56 - count_) / 8;
        buffer_ = buffer_ << 8 * many | __builtin_bswap64(next) >> (64 - 8 * many);
        at_ += many;
        count_ += 8 * many;
        return;
      }
    }
    while (count_ <= 48) {
      if (at_marker()) {
        buffer_ <<= 8;
        padded_ += 8;
      } else {
        buffer_ = buffer_ << 8 | *at_;
        at_ += step();
      }
      count_ += 8;
    }
  }
  const uint8_t *at_, *end_;
  uint64_t buffer_ = 0;
  int count_ = 0, padded_ = 0;  // bits in the buffer, and how many of them were made up
};

/// Codes of up to 16 bits; the short ones by a table.
class JpegCodes {
 public:
  JpegCodes() = default;
  /// `counts`: codes of 1 to 16 bits, all bits set in none; `symbols`: what they stand for.
  JpegCodes(std::span<const uint8_t> counts, std::span<const uint8_t> symbols)
      : symbols_(symbols.begin(), symbols.end()) {
    int code = 0;
    size_t index = 0;
    for (int length = 1; length <= 16; ++length, code <<= 1) {
      const auto i = static_cast<size_t>(length);
      offsets_[i] = int(index) - code;
      for (int k = 0; k < counts[i - 1] && index < symbols_.size(); ++k, ++code, ++index) {
        if (length > kShort) continue;
        const size_t first = size_t(code) << (kShort - length), many = size_t{1} << (kShort - length);
        for (size_t j = first; j < std::min(first + many, short_.size()); ++j) {
          short_[j] = static_cast<uint16_t>(length << 8 | symbols_[index]);
        }
      }
      ends_[i] = code;
    }
  }
  /// The next symbol; -1 if there is no such code.
  int next(JpegBits& bits) const {
    const uint16_t known = short_[bits.peek(kShort)];
    if (known != 0) {
      bits.skip(known >> 8);
      return known & 0xFF;
    }
    const auto code = int(bits.peek(16));
    for (size_t length = kShort + 1; length <= 16; ++length) {
      const int part = code >> (16 - length), index = part + offsets_[length];
      if (part >= ends_[length] || index < 0) continue;
      bits.skip(int(length));
      return index < int(symbols_.size()) ? symbols_[size_t(index)] : -1;
    }
    return -1;
  }

 private:
  static constexpr int kShort = 9;
  std::vector<uint8_t> symbols_;
  std::array<uint16_t, 1 << kShort> short_{};  // length and symbol; 0: a longer code
  std::array<int, 17> offsets_{}, ends_{};     // by length: from codes to symbols, and the first code past it
};

}  // namespace uvic

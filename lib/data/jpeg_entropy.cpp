#include "data/jpeg_entropy.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "data/byte_view.h"
#include "data/jpeg_codes.h"

namespace uvic {
namespace {

using Bytes = std::span<const uint8_t>;

struct Component {
  int id = 0, across = 1, down = 1, quantiser = 0;  // blocks of an MCU
  int dc_table = 0, ac_table = 0, dc = 0;           // of the scan, and its running value
};

class Walk {
 public:
  explicit Walk(Bytes bytes) : bytes_(bytes), view_(bytes) {}
  std::string run() {
    for (size_t at = 2;;) {
      while (view_.u8(at) != 0xFF) ++at;
      while (view_.u8(at) == 0xFF) ++at;
      const uint8_t marker = view_.u8(at++);
      if (marker == 0xD9) return "";
      if (marker == 0x01 || (0xD0 <= marker && marker <= 0xD8)) continue;
      const ByteView segment(view_.part(at + 2, view_.u16(at) - size_t{2}));
      at += view_.u16(at);
      if (marker == 0xDB) quantisers(segment);
      if (marker == 0xC4) tables(segment);
      if (marker == 0xC0 || marker == 0xC1) frame(segment);
      if (0xC2 <= marker && marker <= 0xCF && marker != 0xC4 && marker != 0xC8) return "";
      if (marker == 0xDD) interval_ = segment.u16(0);
      if (marker == 0xDA) {
        JpegBits bits(view_.from(at));
        std::string damage = scan(segment, bits);
        if (!damage.empty() || bits.is_exhausted()) return damage;
        at = size_t(bits.place() - bytes_.data());
      }
    }
  }

 private:
  void quantisers(const ByteView& segment) {
    for (size_t at = 0; at < segment.size();) {
      const uint8_t kind = segment.u8(at++);
      dc_steps_[kind & 3U] = kind >= 16 ? segment.u16(at) : segment.u8(at);
      at += kind >= 16 ? 128 : 64;
    }
  }
  void tables(const ByteView& segment) {
    for (size_t at = 0; at < segment.size();) {
      const uint8_t kind = segment.u8(at);
      const Bytes counts = segment.part(at + 1, 16);
      size_t many = 0;
      for (const uint8_t count : counts) many += count;
      codes_[kind >> 4 & 1U][kind & 3U] = JpegCodes(counts, segment.part(at + 17, many));
      at += 17 + many;
    }
  }
  void frame(const ByteView& segment) {
    height_ = segment.u16(1);
    width_ = segment.u16(3);
    components_.resize(segment.u8(5));
    for (size_t i = 0; i < components_.size(); ++i) {
      const uint8_t sampling = segment.u8(7 + 3 * i);
      components_[i] = {.id = segment.u8(6 + 3 * i),
                        .across = std::max(1, sampling >> 4),
                        .down = std::max(1, sampling & 15),
                        .quantiser = segment.u8(8 + 3 * i) & 3};
      most_across_ = std::max(most_across_, components_[i].across);
      most_down_ = std::max(most_down_, components_[i].down);
    }
  }
  std::string scan(const ByteView& segment, JpegBits& bits) {
    std::vector<Component> parts;
    for (size_t i = 0; i < segment.u8(0); ++i) {
      for (const Component& component : components_) {
        if (component.id != segment.u8(1 + 2 * i)) continue;
        parts.push_back(component);
        parts.back().dc_table = segment.u8(2 + 2 * i) >> 4 & 3;
        parts.back().ac_table = segment.u8(2 + 2 * i) & 3;
      }
    }
    int across = most_across_ * 8, down = most_down_ * 8;  // pixels of an MCU
    if (parts.size() == 1) {                               // not interleaved: a block each
      across = 8 * most_across_ / parts[0].across;
      down = 8 * most_down_ / parts[0].down;
      parts[0].across = parts[0].down = 1;
    }
    const int64_t many = int64_t{(width_ + across - 1) / across} * ((height_ + down - 1) / down);
    for (int64_t i = 0; i < many; ++i) {
      if (interval_ > 0 && i > 0 && i % interval_ == 0) {
        if (bits.has_left_over()) return kLeftOver;
        if (!bits.restart()) return "";
        for (Component& part : parts) part.dc = 0;
      }
      for (Component& part : parts) {
        for (int b = 0; b < part.across * part.down; ++b) {
          const char* damage = block(part, bits);
          if (bits.is_exhausted()) return "";
          if (damage != nullptr) return damage;
        }
      }
    }
    return bits.has_left_over() ? kLeftOver : "";
  }
  const char* block(Component& part, JpegBits& bits) const {
    const JpegCodes &dc = codes_[0][size_t(part.dc_table)], &ac = codes_[1][size_t(part.ac_table)];
    const int size = dc.next(bits);
    if (size < 0 || size > 15) return kNoCode;
    if (size > 0) {
      const auto value = int(bits.peek(size));
      part.dc += value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
      bits.skip(size);
    }
    // Eight times the mean of samples from -128 to 127, in steps. 16 grey levels more for those who change
    // coefficients without going back to pixels.
    constexpr int kMostDc = 8 * (128 + 16);
    const int step = dc_steps_[size_t(part.quantiser)];
    if (std::abs(part.dc) * step > kMostDc + step) return "a brightness out of range";
    for (int k = 1; k < 64; ++k) {
      const int symbol = ac.next(bits);
      if (symbol < 0) return kNoCode;
      const int run = symbol >> 4, bits_of = symbol & 15;
      if (bits_of == 0) {
        if (run != 15) break;
        k += 15;
        continue;
      }
      k += run;
      if (k > 63) return "a coefficient past the last";
      bits.pass(bits_of);
    }
    return nullptr;
  }

  static constexpr const char* kNoCode = "a code that does not exist";
  static constexpr const char* kLeftOver = "data that belong to no pixel";
  Bytes bytes_;
  ByteView view_;
  int width_ = 0, height_ = 0, interval_ = 0, most_across_ = 1, most_down_ = 1;
  std::vector<Component> components_;
  std::array<std::array<JpegCodes, 4>, 2> codes_;  // of DC and AC
  std::array<int, 4> dc_steps_{};
};

}  // namespace

std::string find_jpeg_damage(Bytes bytes) {
  try {
    return Walk(bytes).run();
  } catch (const OutOfBytes&) {
    return "";
  }
}

}  // namespace uvic

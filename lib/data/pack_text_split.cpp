#include "data/pack_text_split.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/errors.h"

namespace uvic {

DocumentSplitter::DocumentSplitter(const std::filesystem::path& out, double held_out, PackWriter& writer)
    : held_out_(held_out), writer_(writer), text_(out), waits_(held_out > 0) {}

TokenSplit DocumentSplitter::split_of(int64_t document) const {
  constexpr double kRounding = 1e-9;  // 10 x 0.1 and its like must not fall below a whole number
  const auto held_out_before = [&](int64_t i) { return std::floor(double(i) * held_out_ + kRounding); };
  return held_out_before(document + 1) > held_out_before(document) ? TokenSplit::kHeldOut
                                                                   : TokenSplit::kTrain;
}

void DocumentSplitter::replay(int64_t begin, int64_t end, TokenSplit split) {
  writer_.begin_document(split);
  text_.read(begin, end, [&](std::string_view piece) { writer_.add(piece); });
  writer_.end_document();
}

void DocumentSplitter::add(std::string_view text) {
  if (text.empty()) return;
  if (!open_) {
    open_ = true;
    const TokenSplit split = split_of(documents_++);
    if (waits_ &&
        split == TokenSplit::kHeldOut) {  // those before it, too few to hold one out, were for training
      waits_ = false;
      for (size_t i = 0; i < ends_.size(); ++i)
        replay(i == 0 ? 0 : ends_[i - 1], ends_[i], TokenSplit::kTrain);
    }
    if (!waits_) writer_.begin_document(split);
  }
  waits_ ? text_.append(text) : writer_.add(text);
}

void DocumentSplitter::end_document() {
  if (!open_) return;
  open_ = false;
  waits_ ? ends_.push_back(text_.size()) : writer_.end_document();
}

/// The end of a line or document that is nearest to where the held-out share begins; else the beginning of a
/// character there.
int64_t DocumentSplitter::place_to_cut() {
  const int64_t size = text_.size();
  const double target = double(size) * (1 - held_out_);
  std::optional<int64_t> nearest, character;
  const auto offer = [&](std::optional<int64_t>& best, int64_t place) {
    if (place <= 0 || place >= size) return;
    if (!best || std::abs(double(place) - target) < std::abs(double(*best) - target)) best = place;
  };
  for (const int64_t end : ends_) offer(nearest, end);
  int64_t at = 0;
  text_.read(0, size, [&](std::string_view piece) {
    for (size_t i = piece.find('\n'); i != std::string_view::npos; i = piece.find('\n', i + 1))
      offer(nearest, at + int64_t(i) + 1);
    at += int64_t(piece.size());
  });
  const int64_t around = 4;  // bytes, the longest character
  at = std::max<int64_t>(0, int64_t(target) - around);
  text_.read(at, std::min(size, int64_t(target) + around), [&](std::string_view piece) {
    for (const char c : piece) {
      if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) offer(character, at);
      ++at;
    }
  });
  check_usage(nearest || character, "too little text to hold ", held_out_, " of it out: ", size, " bytes");
  return nearest ? *nearest : *character;
}

bool DocumentSplitter::finish() {
  if (!waits_ || ends_.empty()) return false;
  const int64_t cut = place_to_cut();
  int64_t begin = 0;
  for (const int64_t end : ends_) {
    if (begin < cut) replay(begin, std::min(end, cut), TokenSplit::kTrain);
    if (end > cut) replay(std::max(begin, cut), end, TokenSplit::kHeldOut);
    begin = end;
  }
  return true;
}

}  // namespace uvic

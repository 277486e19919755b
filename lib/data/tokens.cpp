#include "data/tokens.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/errors.h"
#include "data/tokens_layout.h"
#include "io/digests.h"

namespace uvic {
namespace {

constexpr int64_t kBlock = 1 << 16;               // tokens looked at in one go
constexpr size_t kWhole = 1 << 26, kPieces = 64;  // bytes that are hashed whole; pieces of larger ones
constexpr size_t kPieceBytes = 1 << 16;

template <class T>
void widen(const char* from, int64_t count, int64_t* out) {
  for (int64_t i = 0; i < count; ++i) {
    T value;  // a header may leave tokens at any byte
    std::memcpy(&value, from + size_t(i) * sizeof value, sizeof value);
    out[i] = int64_t(value);
  }
}

uint32_t crc32_of_pieces(std::string_view bytes) {
  if (bytes.size() <= kWhole) return crc32_of(bytes);
  uint32_t crc32 = 0;
  const size_t last = bytes.size() - kPieceBytes;
  for (size_t i = 0; i < kPieces; ++i)
    crc32 = crc32_of(
        bytes.substr(last / (kPieces - 1) * i + (i + 1 == kPieces ? last % (kPieces - 1) : 0), kPieceBytes),
        crc32);
  return crc32;
}

}  // namespace

TokenFile::TokenFile(std::unique_ptr<MappedFile> file, TokenLayout layout)
    : file_(std::move(file)), layout_(std::move(layout)), name_(file_->name()) {
  if (!layout_.part.empty()) name_ += " (" + layout_.part + ")";
}

std::string_view TokenFile::token_bytes() const {
  return file_->bytes().substr(layout_.begin, size_t(layout_.count) * c10::elementSize(layout_.dtype));
}

std::span<const int64_t> TokenFile::documents() const {
  return {reinterpret_cast<const int64_t*>(file_->bytes().data() + layout_.documents_begin),
          size_t(layout_.documents)};
}

void TokenFile::read_into(int64_t first, int64_t count, int64_t* out) const {
  const char* from = token_bytes().data() + size_t(first) * c10::elementSize(layout_.dtype);
  switch (layout_.dtype) {
    case at::kByte:
      return widen<uint8_t>(from, count, out);
    case at::kUInt16:
      return widen<uint16_t>(from, count, out);
    case at::kUInt32:
      return widen<uint32_t>(from, count, out);
    case at::kInt:
      return widen<int32_t>(from, count, out);
    case at::kLong:
      return widen<int64_t>(from, count, out);
    default:
      TORCH_CHECK(false, name_, ": tokens of ", layout_.dtype);
  }
}

template <class Take>
void TokenFile::for_each_block(const Take& take) const {
  std::vector<int64_t> block(size_t(std::min(size(), kBlock)));
  for (int64_t first = 0; first < size(); first += kBlock) {
    const int64_t count = std::min(kBlock, size() - first);
    read_into(first, count, block.data());
    take(std::span<const int64_t>(block).first(size_t(count)), first);
  }
}

at::Tensor TokenFile::read(int64_t first, int64_t count) const {
  TORCH_CHECK(first >= 0 && count >= 0 && count <= size() - first, name_, ": tokens ", first, " to ",
              first + count, " of ", size());
  at::Tensor tokens = at::empty({count}, at::kLong);
  read_into(first, count, tokens.mutable_data_ptr<int64_t>());
  return tokens;
}

int64_t TokenFile::largest_token() const {
  int64_t largest = 0;
  for_each_block([&](std::span<const int64_t> tokens, int64_t) {
    largest = std::max(largest, *std::max_element(tokens.begin(), tokens.end()));
  });
  return largest;
}

void TokenFile::check_tokens(int64_t vocab_size) const {
  for_each_block([&](std::span<const int64_t> tokens, int64_t first) {
    const auto outside = std::find_if(tokens.begin(), tokens.end(),
                                      [&](int64_t token) { return token < 0 || token >= vocab_size; });
    if (outside == tokens.end()) return;
    usage_error(name_, ": token ", *outside, " at position ", first + (outside - tokens.begin()),
                " is outside the vocabulary, 0 to ", vocab_size - 1);
  });
}

void TokenFile::check_undamaged() const {
  const auto starts = documents();
  check_usage(std::is_sorted(starts.begin(), starts.end()), name_,
              ": damaged: where its documents begin does not ascend");
  if (!layout_.recorded_crc32) return;
  const std::string_view behind(reinterpret_cast<const char*>(starts.data()), starts.size_bytes());
  check_usage(crc32_of(behind, crc32_of(token_bytes())) == *layout_.recorded_crc32, name_,
              ": damaged: its CRC-32 is not the one that was recorded");
}

std::string TokenFile::identity() const {
  std::array<char, 16> crc{};
  std::snprintf(crc.data(), crc.size(), "%08x",
                layout_.recorded_crc32.value_or(crc32_of_pieces(token_bytes())));
  return c10::str(size(), " tokens, crc32 ", crc.data());
}

}  // namespace uvic

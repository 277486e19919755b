// A pack: the images of a data set as a network takes them, with labels and captions, in one file that is
// memory-mapped. All numbers are little-endian; every part begins at a multiple of 8 bytes.
//   PackHead, 64 bytes: where everything lies, with checksums
//   contents: JSON (data/pack/contents.h), blanks behind it; the states of the empty caption, if states are
//     kept: fp16 or fp32 [tokens, dim], zeros behind them
//   records, one an image:
//     PackRecordHead, 16 bytes
//     the image: uint8 [C, H, W]; or moments (mean, standard deviation), fp16 or fp32 [2, C, H, W], and those
//       of the mirrored image behind them if they are kept; zeros up to a multiple of 8
//     its captions (n of them): uint32 [n], where each text ends among the texts; fp16 or fp32
//       [n, tokens, dim], an encoder's states, if they are kept, zero where there is no token; uint16, or
//       int32 for a vocabulary beyond 65,536, [n, caption_length], token ids, if they are kept; the texts,
//       UTF-8; zeros up to a multiple of 8. Nothing if n is 0
//   index: PackEntry, 32 bytes, one an image; behind them the images' names, UTF-8
// Checksums are zlib's CRC-32; every byte of the file is under one of them.
#pragma once
#include <cstdint>
#include <string_view>

namespace uvic {

inline constexpr std::string_view kPackMagic = "UVICPACK";
inline constexpr uint32_t kPackFormat = 2;

struct PackHead {
  char magic[8];
  uint32_t format;    ///< kPackFormat
  uint32_t checksum;  ///< of the bytes behind it
  uint64_t file_bytes;
  uint64_t contents_bytes, json_bytes;  ///< of all of the contents, and of the JSON with its blanks
  uint64_t index_begin;
  uint64_t images;
  uint32_t contents_checksum, index_checksum;  ///< index_checksum: names included
};
static_assert(sizeof(PackHead) == 64);

struct PackRecordHead {
  uint64_t source;         ///< which image of the set that was packed
  uint32_t captions;       ///< how many
  uint32_t caption_bytes;  ///< of all that belongs to them
};
static_assert(sizeof(PackRecordHead) == 16);

struct PackEntry {
  uint64_t begin;              ///< byte of the record
  uint32_t image_checksum;     ///< of its head and the image
  uint32_t captions_checksum;  ///< of the rest
  uint32_t captions, caption_bytes;
  int32_t label;
  uint32_t name_end;  ///< among the names, where this one ends
};
static_assert(sizeof(PackEntry) == 32);

constexpr uint64_t pack_aligned(uint64_t bytes) {
  return (bytes + 7) / 8 * 8;
}

}  // namespace uvic

// The records of a pack, made and read back.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/pack/contents.h"
#include "data/pack/format.h"

namespace uvic {

/// An image and what goes with it, as it is to be packed.
struct PackImage {
  int64_t source = 0;  ///< its number in the set that is packed
  at::Tensor image;    ///< uint8 [C, H, W]
  at::Tensor
      moments;  ///< in place of it: float32 [2, C, H, W], or [4, C, H, W] with those of the mirrored one
  std::vector<std::string> captions = {};
  std::vector<int32_t> ids = {};  ///< of all captions
  at::Tensor states = {};         ///< float32 [captions, tokens, dim]
};

/// Appends its record. UsageError, `name` of the image first, for numbers that its type does not hold.
void append_record(std::string& bytes, const PackImage& image, const PackContents& contents,
                   const std::string& name);

/// Token ids as a record keeps them, which need not be aligned.
std::vector<int32_t> ids_of_bytes(std::string_view bytes, at::ScalarType dtype);

/// `values` as `dtype`, zeros up to a multiple of 8 bytes. UsageError as append_record.
std::string number_bytes(const at::Tensor& values, at::ScalarType dtype, const std::string& name);

/// What comes behind the records of a pack: their index, and their names.
class PackIndex {
 public:
  /// `contents`, `source`: of the pack and of the set that is packed; both must outlive it.
  PackIndex(const PackContents& contents, const Dataset& source, uint64_t begin)
      : contents_(contents), source_(source), end_(begin) {}

  /// Adds the records that lie in `block`, behind what was added before. False, and nothing is added, if they
  /// do not fill it exactly.
  bool add(std::string_view block);
  int64_t size() const { return int64_t(entries_.size()); }
  int64_t captions() const { return captions_; }
  /// Byte behind the last record.
  uint64_t end() const { return end_; }
  std::string bytes() const;

 private:
  const PackContents& contents_;
  const Dataset& source_;
  std::vector<PackEntry> entries_;
  std::string names_;
  int64_t captions_ = 0;
  uint64_t end_;
};

}  // namespace uvic

// Images that hold a NaN or an infinity: counted, and never shown as pictures.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/precision.h"

namespace uvic {

/// bool [n]: which of `images`, float [n, C, H, W], hold finite values alone.
at::Tensor are_finite(const at::Tensor& images);

/// to_uint8, but black where an image is not finite.
at::Tensor to_pictures(const at::Tensor& images);

/// Goes through the batches of a sampling of `seeds` as they are made.
class FiniteCheck {
 public:
  explicit FiniteCheck(std::vector<int64_t> seeds) : seeds_(std::move(seeds)) {}
  /// The next batch; returns are_finite of it, on the CPU.
  at::Tensor add(const at::Tensor& images);

  bool any_bad() const { return !bad_.empty(); }
  /// So far: going on is of no use where not even one image of a batch is finite.
  bool all_bad() const { return made_ > 0 && bad_.size() == made_; }
  /// Seeds of images that are not finite.
  const std::vector<int64_t>& bad() const { return bad_; }
  /// Images so far, the first so many of the seeds.
  size_t made() const { return made_; }
  /// "3 of 100 images hold values that are not finite (NaN or infinity), the first of seed 17"; and, unless
  /// `precision` is fp32 already, that `option` can be set to it.
  std::string text(InferencePrecision precision, const std::string& option) const;

 private:
  std::vector<int64_t> seeds_, bad_;
  size_t made_ = 0;
};

}  // namespace uvic

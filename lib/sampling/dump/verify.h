// Is a dump whole, and is it what its manifest says?
#pragma once
#include <map>
#include <string>
#include <vector>

#include "sampling/dump/reader.h"
#include "sampling/sampler.h"

namespace uvic {

/// `count` different indices of `n`, ascending, drawn by `seed`; all if there are no more.
std::vector<size_t> draw_indices(size_t n, size_t count, uint64_t seed);

struct Inspection {
  std::vector<std::string> problems;    ///< a line for each missing or damaged image
  std::map<size_t, at::Tensor> pixels;  ///< of those asked for and whole: uint8 [C, H, W]
};
/// Reads everything once, in constant memory but for the images `wanted`.
Inspection inspect_dump(DumpReader& reader, const std::vector<size_t>& wanted);

struct Comparison {
  size_t images = 0, equal = 0;
  int64_t largest = 0;          ///< difference, in grey levels
  double share = 0;             ///< of the bytes that differ
  std::string not_finite = {};  ///< what FiniteCheck says of those made anew, if some are not finite
  /// The contract between batch sizes: at most one grey level on at most 5 % of the bytes.
  bool within_contract() const { return not_finite.empty() && largest <= 1 && share <= 0.05; }
};
/// Makes the images anew and compares. `sampler` and `rows_of` must be those of the manifest.
Comparison regenerate_and_compare(const DumpPlan& plan, const std::map<size_t, at::Tensor>& pixels,
                                  const Sampler& sampler, const PromptRows& rows_of = {});

}  // namespace uvic

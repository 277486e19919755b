// Image seeds: parsing `--seeds`, and the generator each image starts from.
#pragma once
#include <ATen/core/Generator.h>

#include <cstdint>
#include <string>
#include <vector>

namespace uvic {

/// LibTorch's CPU generator keeps 32 bits of a seed, so larger ones would silently repeat images.
inline constexpr int64_t kMaxImageSeed = (int64_t{1} << 32) - 1;

/// "0-99" (inclusive), "5,6,1007", "0-3,8": in the order given, duplicates kept. UsageError names what is
/// wrong.
std::vector<int64_t> parse_seeds(const std::string& text);

/// The inverse, with runs shortened: "0-3,8".
std::string seeds_text(const std::vector<int64_t>& seeds);

/// A fresh CPU generator seeded with `seed`, equal to Python's `torch.Generator().manual_seed(seed)`.
at::Generator image_generator(int64_t seed);

}  // namespace uvic

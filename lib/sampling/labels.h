// Which class each seed shows.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace uvic {

/// One label a seed, depending on the seed alone. `policy`: "balanced" (s mod K), "random" (a hash of s, mod
/// K), a class number, or K counts [n0, n1, ...] as JSON, in a file or as they are: seeds 0 .. sum - 1 then
/// show exactly n0 of class 0, and so on. K = 0: empty for "balanced"; a UsageError otherwise.
std::vector<int64_t> choose_labels(const std::string& policy, const std::vector<int64_t>& seeds, int64_t K);

/// `policy` without the need of a file: the counts themselves in place of the file that holds them.
std::string self_contained_labels(const std::string& policy, int64_t K);

}  // namespace uvic

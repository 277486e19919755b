// Which class each seed shows.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace uvic {

/// The policy of images of no class.
inline constexpr auto kNoClass = "none";

/// One label a seed, depending on the seed alone. `policy`: "balanced" (s mod K), "random" (a hash of s, mod
/// K), a class number, "none" (K: the null label, which the model must have), or K counts [n0, n1, ...] as
/// JSON, in a file or as they are: seeds 0 .. sum - 1 then show exactly n0 of class 0, and so on. K = 0:
/// empty for "balanced" and "none"; a UsageError otherwise.
std::vector<int64_t> choose_labels(const std::string& policy, const std::vector<int64_t>& seeds, int64_t K);

/// The policy of one label of choose_labels: a number, or "none".
std::string label_text(int64_t label, int64_t K);

/// The class that every seed shows, if the policy is a number.
std::optional<int64_t> fixed_class(const std::string& policy);

/// `policy` without the need of a file: the counts themselves in place of the file that holds them.
std::string self_contained_labels(const std::string& policy, int64_t K);

}  // namespace uvic

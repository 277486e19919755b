// Small text helpers.
#pragma once
#include <string>
#include <vector>

namespace uvic {

std::string join(const std::vector<std::string>& parts, const std::string& separator);

/// The candidate nearest to `word` by edit distance, empty if none is near enough to be a likely slip.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

/// "1.07 M", "44.3 M", "501 M", "3.20 k"; for counts.
std::string format_count(double count);

/// "12.3 MiB", "1.20 GiB"; for sizes in bytes.
std::string format_bytes(double bytes);

}  // namespace uvic

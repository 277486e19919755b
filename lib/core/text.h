// Small text helpers.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace uvic {

std::string join(const std::vector<std::string>& parts, const std::string& separator);

/// With A-Z as a-z.
std::string lower_case(std::string text);

/// Without the blanks, tabs and line ends around it.
std::string trimmed(const std::string& text);

/// The candidate that `word` is likely to mean, empty if there is none: that from which the fewest letters
/// differ, not counting sections and other parts that both have ("model.", "_interval"), capitals, and - for
/// _; else the shortest that contains it ("model.size": "model.img_size").
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

/// "unknown value 'softmx' (did you mean 'softmax'?)": for what is none of `candidates`.
std::string unknown_value(const std::string& word, const std::vector<std::string>& candidates);

/// "1 image", "2 images".
std::string count_of(uint64_t count, const std::string& noun);

/// "1.07 M", "44.3 M", "501 M", "3.20 k"; for counts.
std::string format_count(double count);

/// Whether a file that begins so is what Git LFS leaves in place of one that was not fetched.
bool is_lfs_pointer(std::string_view bytes);

/// "12.3 MiB", "1.20 GiB"; for sizes in bytes.
std::string format_bytes(double bytes);

}  // namespace uvic

// What a look at a whole data set has found.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace uvic {

/// Things of one kind.
struct CheckFinding {
  std::string key;                      ///< for machines: "undecodable", "duplicates", ...
  std::string what;                     ///< "3 images cannot be decoded"
  std::string training;                 ///< what a training run does with them
  std::vector<std::string> items = {};  ///< which: a line each
};

struct CheckReport {
  std::string name, kind;  ///< of the set: where it is; "folder", "ZIP", "idx"
  int64_t images = 0;
  /// What is so, and is nothing to mend: "sizes", "64 x 64"; in the order in which it is to be read.
  std::vector<std::pair<std::string, std::string>> facts = {};
  std::vector<CheckFinding> findings = {};
};

/// For people: aligned lines, of each finding the first `most` items.
std::string to_text(const CheckReport& report, size_t most);

/// All of it, for machines: {"set", "kind", "images", "facts": {...}, "findings": [{"key", "what",
/// "training", "items"}, ...]}.
std::string to_json(const CheckReport& report);

}  // namespace uvic

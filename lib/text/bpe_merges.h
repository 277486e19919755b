// The merging of byte-pair encoding (Sennrich et al., arXiv 1508.07909), for any symbols.
#pragma once
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace uvic {

class BpeMerges {
 public:
  /// The next rule: where `left` and `right` stand side by side they may become `merged`. Rules count in the
  /// order in which they are added. False if there is one for this pair already.
  bool add(int32_t left, int32_t right, int32_t merged);
  size_t size() const { return rules_.size(); }

  /// Merges the symbols of a word until no rule fits: always by the earliest rule that fits anywhere, at its
  /// leftmost place. O(n log n).
  void apply(std::vector<int32_t>& symbols) const;

 private:
  struct Rule {
    int32_t rank, merged;
  };
  const Rule* find(int32_t left, int32_t right) const;
  void apply_to_short(std::vector<int32_t>& symbols) const;
  void apply_to_long(std::vector<int32_t>& symbols) const;

  std::unordered_map<uint64_t, Rule> rules_;
};

}  // namespace uvic

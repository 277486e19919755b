#include "text/bpe_merges.h"

#include <functional>
#include <queue>
#include <tuple>

namespace uvic {
namespace {

constexpr size_t kShort = 32;  // symbols; up to there looking through all is faster than a queue

uint64_t key(int32_t left, int32_t right) {
  return uint64_t(uint32_t(left)) << 32 | uint32_t(right);
}

}  // namespace

bool BpeMerges::add(int32_t left, int32_t right, int32_t merged) {
  return rules_.try_emplace(key(left, right), Rule{int32_t(rules_.size()), merged}).second;
}

const BpeMerges::Rule* BpeMerges::find(int32_t left, int32_t right) const {
  const auto found = rules_.find(key(left, right));
  return found == rules_.end() ? nullptr : &found->second;
}

void BpeMerges::apply(std::vector<int32_t>& symbols) const {
  symbols.size() <= kShort ? apply_to_short(symbols) : apply_to_long(symbols);
}

void BpeMerges::apply_to_short(std::vector<int32_t>& symbols) const {
  for (;;) {
    const Rule* best = nullptr;
    size_t at = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const Rule* rule = find(symbols[i], symbols[i + 1]);
      if (rule == nullptr || (best != nullptr && rule->rank >= best->rank)) continue;
      best = rule;
      at = i;
    }
    if (best == nullptr) return;
    symbols[at] = best->merged;
    symbols.erase(symbols.begin() + std::ptrdiff_t(at) + 1);
  }
}

void BpeMerges::apply_to_long(std::vector<int32_t>& symbols) const {
  struct Candidate {
    int32_t rank;
    size_t left, right;  // places of the two
    int32_t left_symbol, right_symbol;
    bool operator>(const Candidate& other) const {
      return std::tie(rank, left) > std::tie(other.rank, other.left);
    }
  };
  constexpr int32_t kGone = -1;
  const size_t count = symbols.size();
  std::vector<size_t> before(count), behind(count);  // neighbours; `count`: none
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto offer = [&](size_t left, size_t right) {
    if (left >= count || right >= count) return;
    if (const Rule* rule = find(symbols[left], symbols[right]))
      queue.push({rule->rank, left, right, symbols[left], symbols[right]});
  };
  for (size_t i = 0; i < count; ++i) {
    before[i] = i == 0 ? count : i - 1;
    behind[i] = i + 1;
  }
  for (size_t i = 0; i + 1 < count; ++i) offer(i, i + 1);
  while (!queue.empty()) {
    const Candidate next = queue.top();
    queue.pop();
    if (symbols[next.left] != next.left_symbol || symbols[next.right] != next.right_symbol) continue;
    symbols[next.left] = find(next.left_symbol, next.right_symbol)->merged;
    symbols[next.right] = kGone;
    behind[next.left] = behind[next.right];
    if (behind[next.right] < count) before[behind[next.right]] = next.left;
    offer(before[next.left], next.left);
    offer(next.left, behind[next.left]);
  }
  std::erase(symbols, kGone);
}

}  // namespace uvic

#include "language/draw.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

#include "language/not_finite.h"

namespace uvic {
namespace {

bool likelier(const Candidate& a, const Candidate& b) {
  return a.weight != b.weight ? a.weight > b.weight : a.token < b.token;
}
bool less_likely(const Candidate& a, const Candidate& b) {
  return likelier(b, a);
}

double total_weight(const std::vector<Candidate>& candidates) {
  return std::accumulate(candidates.begin(), candidates.end(), 0.0,
                         [](double sum, const Candidate& candidate) { return sum + candidate.weight; });
}

/// The first of `candidates` by falling probability, as many as it takes to reach `share` of the whole. A
/// heap, as a few of very many tokens are usually enough.
std::vector<Candidate> likeliest_share(std::vector<Candidate> candidates, double share) {
  const double wanted = share * total_weight(candidates);
  std::make_heap(candidates.begin(), candidates.end(), less_likely);
  double sum = 0;
  auto end = candidates.end();
  do {
    std::pop_heap(candidates.begin(), end, less_likely);
    sum += (--end)->weight;
  } while (sum < wanted && end != candidates.begin());
  return {std::make_reverse_iterator(candidates.end()), std::make_reverse_iterator(end)};
}

/// Logits behind the repetition penalty, as the `weight` of each token.
std::vector<Candidate> scores_of(std::span<const float> logits, double penalty,
                                 const std::unordered_set<int64_t>& seen) {
  std::vector<Candidate> scores(logits.size());
  for (size_t i = 0; i < logits.size(); ++i) scores[i] = {int64_t(i), double(logits[i])};
  if (penalty == 1) return scores;
  for (const int64_t token : seen) {
    double& score = scores[size_t(token)].weight;
    score = score > 0 ? score / penalty : score * penalty;
  }
  return scores;
}

/// The largest, once it is clear that there is one.
Candidate likeliest_of(const std::vector<Candidate>& scores) {
  bool numbers = !scores.empty();
  for (const Candidate& score : scores) {
    numbers = numbers && score.weight < std::numeric_limits<double>::infinity();  // false for NaN
  }
  const Candidate best = numbers ? *std::min_element(scores.begin(), scores.end(), likelier) : Candidate{};
  if (!numbers || std::isinf(best.weight)) throw std::runtime_error(kNotFinite);
  return best;
}

}  // namespace

std::vector<Candidate> filter_tokens(std::span<const float> logits, const GenerateOptions& options,
                                     const std::unordered_set<int64_t>& seen) {
  auto candidates = scores_of(logits, options.repetition_penalty, seen);
  const Candidate best = likeliest_of(candidates);
  if (options.temperature == 0) return {{best.token, 1}};
  if (options.top_k > 0 && size_t(options.top_k) < candidates.size()) {
    std::nth_element(candidates.begin(), candidates.begin() + options.top_k, candidates.end(), likelier);
    candidates.resize(size_t(options.top_k));
  }
  for (Candidate& candidate : candidates)
    candidate.weight = std::exp((candidate.weight - best.weight) / options.temperature);
  if (options.top_p < 1) candidates = likeliest_share(std::move(candidates), options.top_p);
  if (options.min_p > 0)
    std::erase_if(candidates, [&](const Candidate& candidate) { return candidate.weight < options.min_p; });
  return candidates;
}

int64_t draw_token(std::vector<Candidate> candidates, double uniform) {
  return likeliest_share(std::move(candidates), uniform).back().token;
}

}  // namespace uvic

#include "sampling/labels.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <numeric>

#include "core/errors.h"
#include "core/random.h"
#include "io/json_text.h"
#include "io/read_file.h"

namespace uvic {
namespace {

// The text of a histogram: the policy itself, or the file that it names.
std::string histogram_text(const std::string& policy, int64_t K) {
  if (policy.starts_with('[')) return policy;
  try {
    return read_text(policy);
  } catch (const UsageError& error) {
    usage_error("--labels '", policy, "': must be balanced, random, none, a class from 0 to ", K - 1,
                ", or a readable JSON file of ", K, " counts (", error.what(), ")");
  }
}

std::vector<int64_t> read_histogram(const std::string& policy, int64_t K) {
  const auto json = parse_json(histogram_text(policy, K), "--labels " + policy);
  const auto is_count = [](const auto& n) { return n.is_number_unsigned(); };
  check_usage(json.is_array() && int64_t(json.size()) == K && std::all_of(json.begin(), json.end(), is_count),
              "--labels ", policy, ": must be a JSON list of ", K, " whole counts, one a class");
  const auto counts = json.get<std::vector<int64_t>>();
  check_usage(std::accumulate(counts.begin(), counts.end(), int64_t{0}) > 0, "--labels ", policy,
              ": all counts are 0");
  return counts;
}

bool is_histogram(const std::string& policy) {
  return policy != "balanced" && policy != "random" && policy != kNoClass && !fixed_class(policy);
}

// The class at position `position` of the histogram's run-length list.
int64_t class_at(const std::vector<int64_t>& cumulative, int64_t position) {
  return std::upper_bound(cumulative.begin(), cumulative.end(), position) - cumulative.begin();
}

}  // namespace

std::optional<int64_t> fixed_class(const std::string& policy) {
  int64_t fixed = 0;
  const auto [end, error] = std::from_chars(policy.data(), policy.data() + policy.size(), fixed);
  if (error != std::errc{} || end != policy.data() + policy.size()) return std::nullopt;
  return fixed;
}

std::string label_text(int64_t label, int64_t K) {
  return label == K ? kNoClass : std::to_string(label);
}

std::string self_contained_labels(const std::string& policy, int64_t K) {
  return K > 0 && is_histogram(policy) ? nlohmann::json(read_histogram(policy, K)).dump() : policy;
}

std::vector<int64_t> choose_labels(const std::string& policy, const std::vector<int64_t>& seeds, int64_t K) {
  std::vector<int64_t> labels;
  if (K == 0) {
    check_usage(policy == "balanced" || policy == kNoClass, "labels '", policy,
                "': this model is unconditional, it has no classes");
    return labels;
  }
  if (const auto fixed = fixed_class(policy)) {
    check_usage(*fixed >= 0 && *fixed < K, "class ", *fixed, " does not exist; this model has classes 0 to ",
                K - 1, *fixed < 0 ? "; 'none' is the picture of no class" : "");
    return std::vector<int64_t>(seeds.size(), *fixed);
  }
  if (policy == kNoClass) return std::vector<int64_t>(seeds.size(), K);
  std::vector<int64_t> cumulative;
  if (is_histogram(policy)) {
    const auto counts = read_histogram(policy, K);
    std::partial_sum(counts.begin(), counts.end(), std::back_inserter(cumulative));
  }
  for (const int64_t seed : seeds) {
    if (policy == "balanced") {
      labels.push_back(seed % K);
    } else if (policy == "random") {
      labels.push_back(int64_t(CounterRandom(0, RandomStream::kLabel, uint64_t(seed)).below(uint64_t(K))));
    } else {
      labels.push_back(class_at(cumulative, seed % cumulative.back()));
    }
  }
  return labels;
}

}  // namespace uvic

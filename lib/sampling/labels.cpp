#include "sampling/labels.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/errors.h"
#include "core/random.h"

namespace uvic {
namespace {

std::vector<int64_t> read_histogram(const std::string& path, int64_t K) {
  std::ifstream file(path);
  check_usage(file.is_open(), "--labels '", path, "': must be balanced, random, a class from 0 to ", K - 1,
              ", or a readable JSON file of ", K, " counts");
  const auto json = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  const auto is_count = [](const auto& n) { return n.is_number_unsigned(); };
  check_usage(json.is_array() && int64_t(json.size()) == K && std::all_of(json.begin(), json.end(), is_count),
              "--labels ", path, ": must be a JSON list of ", K, " whole counts, one a class");
  const auto counts = json.get<std::vector<int64_t>>();
  check_usage(std::accumulate(counts.begin(), counts.end(), int64_t{0}) > 0, "--labels ", path,
              ": all counts are 0");
  return counts;
}

// The class at position `position` of the histogram's run-length list.
int64_t class_at(const std::vector<int64_t>& cumulative, int64_t position) {
  return std::upper_bound(cumulative.begin(), cumulative.end(), position) - cumulative.begin();
}

}  // namespace

int64_t real_classes(const ModelOptions& model, const DiffusionOptions& diffusion) {
  if (!model.conditional()) return 0;
  return diffusion.p_uncond > 0 ? model.num_classes - 1 : model.num_classes;
}

std::vector<int64_t> choose_labels(const std::string& policy, const std::vector<int64_t>& seeds, int64_t K) {
  std::vector<int64_t> labels;
  if (K == 0) {
    check_usage(policy == "balanced", "labels '", policy,
                "': this model is unconditional, it has no classes");
    return labels;
  }
  int64_t fixed = -1;
  const auto [end, error] = std::from_chars(policy.data(), policy.data() + policy.size(), fixed);
  if (error == std::errc{} && end == policy.data() + policy.size()) {
    check_usage(fixed >= 0 && fixed < K, "class ", fixed, " does not exist; this model has classes 0 to ",
                K - 1);
    return std::vector<int64_t>(seeds.size(), fixed);
  }
  std::vector<int64_t> cumulative;
  if (policy != "balanced" && policy != "random") {
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

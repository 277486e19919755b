#include "metrics/scores.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "core/errors.h"
#include "metrics/density_coverage.h"
#include "metrics/frechet.h"
#include "metrics/inception_score.h"
#include "metrics/kernel_distance.h"
#include "metrics/neighbours.h"
#include "metrics/precision_recall.h"

namespace uvic {
namespace {

constexpr int64_t kPrecisionNeighbours = 3, kDensityNeighbours = 5, kSplits = 10;

bool is_any_of(const std::string& name, std::initializer_list<const char*> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool of_neighbours(const std::string& name) {
  return is_any_of(name, {"precision", "recall", "density", "coverage"});
}

/// Computes what several scores share once.
class Comparison {
 public:
  Comparison(const FeatureSet& a, const FeatureSet& b) : a_(a), b_(b) {}

  /// Empty if `name` can be had, else why not.
  std::string obstacle(const std::string& name) const {
    if (name == "fid") return "";
    if (name == "sfid") {
      for (const FeatureSet* set : {&a_, &b_}) {
        if (!set->spatial.defined()) return set->name + ": no spatial features (mu_s, sigma_s)";
      }
      return a_.spatial.dim() == b_.spatial.dim() ? "" : "the spatial features differ in dimension";
    }
    if (name == "inception_score") {
      if (!a_.probabilities.defined()) return a_.why_no_probabilities;
      return a_.images >= kSplits ? "" : c10::str(a_.name, ": it needs ", kSplits, " images for its splits");
    }
    const int64_t least = of_neighbours(name) ? kDensityNeighbours + 1 : 2;
    // Images whose features were not kept, as the other side has none, are not what is to blame.
    const bool of_b = a_.rows.defined() || (b_.images == 0 && !b_.rows.defined());
    const FeatureSet& without = of_b ? b_ : a_;
    if (!a_.rows.defined() || !b_.rows.defined()) return no_rows_text(without.name);
    for (const FeatureSet* set : {&a_, &b_}) {
      if (set->rows.size(0) < least) return c10::str(set->name, ": it needs ", least, " images");
    }
    return "";
  }

  Score score(const std::string& name) {
    if (name == "fid") return frechet(name, a_.pooled, b_.pooled, /*warn=*/true);
    if (name == "sfid") return frechet(name, a_.spatial, b_.spatial, /*warn=*/false);
    if (name == "kid") {
      const auto kid = kernel_distance(a_.rows, b_.rows);
      return {name, kid.mean, "kid_standard_error", kid.standard_error,
              c10::str(kid.subsets, " subsets of ", kid.subset_size)};
    }
    if (name == "inception_score") {
      const auto result = inception_score(a_.probabilities, kSplits);
      return {name, result.mean, "inception_score_deviation", result.deviation,
              c10::str(result.splits, " splits")};
    }
    return neighbour_score(name);
  }

  std::vector<std::string> warnings;

 private:
  Score frechet(const std::string& name, const Gaussian& a, const Gaussian& b, bool warn) {
    const FrechetResult result = frechet_distance(a, b);
    for (const auto& [set, rank] : {std::pair{&a_, result.rank_a}, std::pair{&b_, result.rank_b}}) {
      const std::string warning = small_sample_warning(set->name, set->images, rank, a.dim());
      if (warn && !warning.empty()) warnings.push_back(warning);
    }
    return {name, result.distance, "", 0, c10::str(a.dim(), " features")};
  }

  Score neighbour_score(const std::string& name) {
    if (!near_a_.defined()) {
      near_a_ = nearest_distances(a_.rows, kDensityNeighbours);
      near_b_ = nearest_distances(b_.rows, kDensityNeighbours);
    }
    const auto radii = [](const at::Tensor& nearest, int64_t k) { return nearest.select(1, k - 1); };
    if (is_any_of(name, {"precision", "recall"})) {
      if (!precision_) {
        precision_ = precision_recall(a_.rows, b_.rows, radii(near_a_, kPrecisionNeighbours),
                                      radii(near_b_, kPrecisionNeighbours));
      }
      return {name, name == "precision" ? precision_->precision : precision_->recall, "", 0,
              c10::str("k = ", kPrecisionNeighbours)};
    }
    if (!density_) {
      density_ = density_coverage(a_.rows, b_.rows, radii(near_b_, kDensityNeighbours), kDensityNeighbours);
    }
    return {name, name == "density" ? density_->density : density_->coverage, "", 0,
            c10::str("k = ", kDensityNeighbours)};
  }

  const FeatureSet &a_, &b_;
  at::Tensor near_a_, near_b_;
  std::optional<PrecisionRecall> precision_;
  std::optional<DensityCoverage> density_;
};

}  // namespace

const std::vector<std::string>& score_names() {
  static const std::vector<std::string> names = {"fid",       "sfid",   "kid",     "inception_score",
                                                 "precision", "recall", "density", "coverage"};
  return names;
}

bool need_rows(const std::vector<std::string>& names) {
  return names.empty() || std::any_of(names.begin(), names.end(), [](const std::string& name) {
           return name == "kid" || of_neighbours(name);
         });
}

bool need_probabilities(const std::vector<std::string>& names) {
  return names.empty() || std::find(names.begin(), names.end(), "inception_score") != names.end();
}

std::string no_rows_text(const std::string& name) {
  return name + ": has mean and covariance only, no features of single images";
}

std::string small_sample_warning(const std::string& name, int64_t images, int64_t rank, int64_t dim) {
  if (rank >= dim) return "";
  const std::string count = images > 0 ? c10::str(" (", images, " images)") : "";
  return c10::str(
      name, count, ": the covariance of ", dim, " features has rank ", rank,
      ": N is small, and a Frechet distance of few images is too large; compare only with the same N");
}

Scores compute_scores(const FeatureSet& a, const FeatureSet& b, const std::vector<std::string>& names) {
  check_usage(a.pooled.dim() == b.pooled.dim(), a.name, " has ", a.pooled.dim(), " features, ", b.name,
              " has ", b.pooled.dim(), ": they are of different extractors");
  Scores result;
  Comparison comparison(a, b);
  for (const std::string& name : score_names()) {
    const bool asked = std::find(names.begin(), names.end(), name) != names.end();
    if (!names.empty() && !asked) continue;
    const std::string obstacle = comparison.obstacle(name);
    check_usage(obstacle.empty() || !asked, "--metrics ", name, ": ", obstacle);
    if (obstacle.empty()) {
      result.scores.push_back(comparison.score(name));
    } else {
      result.left_out.push_back(name + ": " + obstacle);
    }
  }
  result.warnings = comparison.warnings;
  return result;
}

}  // namespace uvic

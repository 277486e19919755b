#include "metrics/scores.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "core/errors.h"
#include "core/text.h"
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

/// Empty if `name` can be had, else why not.
std::string obstacle(const std::string& name, const SideFacts& a, const SideFacts& b) {
  const auto too_few = [&](int64_t least) -> std::string {
    for (const SideFacts* side : {&a, &b}) {
      if (side->images > 0 && side->images < least)
        return c10::str(side->name, ": it needs ", least, " images, there ",
                        side->images == 1 ? "is " : "are ", side->images);
    }
    return "";
  };
  if (name == "fid") return too_few(2);
  if (name == "sfid") {
    for (const SideFacts* side : {&a, &b}) {
      if (side->spatial == 0) return side->name + ": no spatial features (mu_s, sigma_s)";
    }
    return a.spatial == b.spatial ? too_few(2) : "the spatial features differ in dimension";
  }
  if (name == "inception_score") {
    if (!a.why_no_probabilities.empty()) return a.why_no_probabilities;
    return a.images >= kSplits ? "" : c10::str(a.name, ": it needs ", kSplits, " images for its splits");
  }
  // Images whose features were not kept, as the other side has none, are not what is to blame.
  const bool of_b = a.rows || ((b.of_file || b.images == 0) && !b.rows);
  if (!a.rows || !b.rows) return no_rows_text((of_b ? b : a).name);
  return too_few(of_neighbours(name) ? kDensityNeighbours + 1 : 2);
}

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Computes what several scores share once.
class Comparison {
 public:
  Comparison(const FeatureSet& a, const FeatureSet& b) : a_(a), b_(b) {}

  Score score(const std::string& name) {
    if (name == "fid") return frechet(name, a_.pooled, b_.pooled, /*warn=*/true);
    if (name == "sfid") return frechet(name, a_.spatial, b_.spatial, /*warn=*/false);
    if (name == "kid") {
      const auto kid = kernel_distance(a_.rows, b_.rows);
      if (kid.mean < 0) notes.emplace_back("a KID below 0 is 0 within its error: the estimate is unbiased");
      return {name, kid.mean, "kid_standard_error", kid.standard_error,
              kid.standard_error ? c10::str(kid.subsets, " subsets of ", kid.subset_size)
                                 : "no standard error: subsets are the whole set"};
    }
    if (name == "inception_score") {
      const auto result = inception_score(a_.probabilities, kSplits);
      return {name, result.mean, "inception_score_deviation", result.deviation,
              c10::str(result.splits, " splits")};
    }
    return neighbour_score(name);
  }

  std::vector<std::string> notes, warnings;

 private:
  Score frechet(const std::string& name, const Gaussian& a, const Gaussian& b, bool warn) {
    const FrechetResult result = frechet_distance(a, b);
    const std::string warning = small_sample_warning(
        {{a_.name, a_.images, result.rank_a}, {b_.name, b_.images, result.rank_b}}, a.dim());
    if (warn && !warning.empty()) warnings.push_back(warning);
    return {name, result.distance, "", std::nullopt, c10::str(a.dim(), " features")};
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
      return {name, name == "precision" ? precision_->precision : precision_->recall, "", std::nullopt,
              c10::str("k = ", kPrecisionNeighbours)};
    }
    if (!density_) {
      density_ = density_coverage(a_.rows, b_.rows, radii(near_b_, kDensityNeighbours), kDensityNeighbours);
    }
    return {name, name == "density" ? density_->density : density_->coverage, "", std::nullopt,
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
  return names.empty() || holds(names, "inception_score");
}

std::string no_rows_text(const std::string& name) {
  return name + ": has mean and covariance only, no features of single images";
}

std::string small_sample_warning(const std::vector<SampleSize>& sides, int64_t dim) {
  std::vector<SampleSize> small;
  for (const SampleSize& side : sides) {
    if (side.rank < dim && std::find(small.begin(), small.end(), side) == small.end()) small.push_back(side);
  }
  if (small.empty()) return "";
  std::vector<std::string> texts;
  for (const auto& [name, images, rank] : small) {
    const std::string count = images > 0 ? " (" + count_of(images, "image") + ")" : "";
    texts.push_back(texts.empty()
                        ? c10::str(name, count, ": the covariance of ", dim, " features has rank ", rank)
                        : c10::str("that of ", name, count, " rank ", rank));
  }
  return join(texts, ", ") +
         ": N is small, and a Frechet distance of few images is too large; compare only with the same N";
}

SideFacts facts_of(const FeatureSet& set) {
  return {.name = set.name,
          .of_file = set.of_file,
          .images = set.images,
          .dim = set.pooled.dim(),
          .spatial = set.spatial.defined() ? set.spatial.dim() : 0,
          .rows = set.rows.defined(),
          .why_no_probabilities = set.probabilities.defined() ? "" : set.why_no_probabilities};
}

void check_scores(const SideFacts& a, const SideFacts& b, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string text = obstacle(name, a, b);
    check_usage(text.empty(), "--metrics ", name, ": ", text);
  }
  if (a.dim == b.dim) return;
  const SideFacts &images = a.of_file ? b : a, &statistics = a.of_file ? a : b;
  if (!images.of_file && statistics.of_file)
    usage_error(images.name, " gives ", images.dim, " features, but the statistics to compare with are of ",
                statistics.dim, ": ", statistics.name);
  usage_error(a.name, " has ", a.dim, " features, ", b.name, " has ", b.dim,
              ": they are of different extractors");
}

Scores compute_scores(const FeatureSet& a, const FeatureSet& b, const std::vector<std::string>& names) {
  const SideFacts facts_a = facts_of(a), facts_b = facts_of(b);
  check_scores(facts_a, facts_b, names);
  Scores result;
  Comparison comparison(a, b);
  for (const std::string& name : score_names()) {
    if (!names.empty() && !holds(names, name)) continue;
    const std::string text = obstacle(name, facts_a, facts_b);
    if (text.empty()) {
      result.scores.push_back(comparison.score(name));
    } else {
      result.left_out.push_back(name + ": " + text);
    }
  }
  result.notes = comparison.notes;
  result.warnings = comparison.warnings;
  return result;
}

}  // namespace uvic

#include "fid_score.h"

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "metrics/stats_file.h"

namespace uvic {
namespace {

/// One of the two paths, and what can be had from it.
struct Side {
  explicit Side(const std::string& path_) : path(path_) {
    const bool npz = path.ends_with(".npz") && std::filesystem::exists(path);
    if (npz && holds_stats(path)) stats = load_stats(path);
    images = !npz || holds_images(path);
  }
  bool rows_possible() const { return images || stats->rows.defined(); }

  std::string path;
  std::optional<FeatureSet> stats;  ///< from a file
  bool images = false;              ///< holds images; ADM's reference batches hold both
  ExtractTimes times;
};

/// The statistics of a side: from its file, its images, or, where it has both, mean and covariance from the
/// file and the rest from the images.
FeatureSet features_of(Side& side, const FeatureCommand& command, FeatureExtractor* extractor,
                       const ExtractOptions& options, int64_t expected_dim) {
  const bool more = options.keep_rows || options.probabilities;
  if (side.stats && (!side.images || extractor == nullptr || !more)) return *side.stats;
  const int64_t dim = side.stats ? side.stats->pooled.dim() : expected_dim;
  auto extracted = command.extract(*extractor, side.path, options, dim);
  side.times = extracted.times;
  if (side.stats) {
    log_info(side.path, ": mean and covariance as the file has them");
    extracted.set.pooled = side.stats->pooled;
    extracted.set.spatial = side.stats->spatial;
  }
  return extracted.set;
}

void print_table(const Scores& scores) {
  for (const Score& score : scores.scores) {
    char line[160];
    std::snprintf(line, sizeof line, "%-16s %.6g", score.name.c_str(), score.value);
    std::string text = line;
    if (!score.spread_name.empty()) {
      std::snprintf(line, sizeof line, " +- %.3g", score.spread);
      const bool error = score.spread_name.ends_with("standard_error");
      text += std::string(line) + (error ? " (standard error, " : " (deviation, ") + score.note + ")";
    } else {
      text += "  (" + score.note + ")";
    }
    std::cout << text << "\n";
  }
  std::cout << std::flush;
}

}  // namespace

void ScoreCommand::add_to(CLI::App& app) {
  app.add_option(
         "images", a,
         "what is judged: a folder (images at any depth), a .zip of images, an .npz of images, or an .npz of "
         "statistics (mu, sigma)")
      ->required();
  app.add_option("reference", b, "what it is judged by, in the same forms")->required();
  app.add_option("--metrics", metrics,
                 "of " + join(score_names(), ", ") + "; by default all that the sides allow")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->check(CLI::IsMember(score_names()));
  app.add_flag("--json", json, "print JSON instead of a table");
  command.add_to(app, "TorchScript extractor, needed unless both sides are statistics");
}

int ScoreCommand::run() const {
  const c10::Device device = command.common.apply();
  Side left(a), right(b);
  // What cannot be had is said before the images are gone through.
  const bool rows = need_rows(metrics) && left.rows_possible() && right.rows_possible();
  for (const Side* side : {&left, &right}) {
    check_usage(rows || metrics.empty() || !need_rows(metrics) || side->rows_possible(), "--metrics ",
                join(metrics, ","), ": ", no_rows_text(side->path));
  }
  std::unique_ptr<FeatureExtractor> extractor;
  const bool needed = !left.stats || !right.stats;
  if (needed || !command.features.empty())
    extractor = command.open_extractor(device, (left.stats ? b : a) + " holds images");
  const bool can_classify = left.images && extractor && extractor->why_no_probabilities().empty();
  check_usage(metrics.empty() || !need_probabilities(metrics) || can_classify, "--metrics inception_score: ",
              left.images && extractor ? extractor->why_no_probabilities() : a + ": holds no images");

  const int64_t dim = left.stats ? left.stats->pooled.dim() : right.stats ? right.stats->pooled.dim() : 0;
  const ExtractOptions of_a{.keep_rows = rows, .probabilities = need_probabilities(metrics) && can_classify};
  const FeatureSet set_a = features_of(left, command, extractor.get(), of_a, dim);
  const FeatureSet set_b = features_of(right, command, extractor.get(),
                                       {.keep_rows = rows, .probabilities = false}, set_a.pooled.dim());
  const Scores scores = compute_scores(set_a, set_b, metrics);
  for (const std::string& text : scores.left_out) log_info("left out: ", text);
  for (const std::string& text : scores.warnings) log_warning(text);
  if (!json) {
    print_table(scores);
    return kDone;
  }
  const auto count = [](const FeatureSet& set) {
    return set.images > 0 ? nlohmann::json(set.images) : nullptr;
  };
  nlohmann::ordered_json result = {{"images", a}, {"reference", b}};
  result["num_images"] = count(set_a);
  result["num_reference"] = count(set_b);
  if (extractor) {
    result["features"] = {{"file", extractor->name()}, {"sha256", extractor->sha256()}};
    const double seconds = left.times.seconds + right.times.seconds;
    if (seconds > 0) result["wait_fraction"] = (left.times.wait_seconds + right.times.wait_seconds) / seconds;
  }
  for (const Score& score : scores.scores) {
    result[score.name] = score.value;
    if (!score.spread_name.empty()) result[score.spread_name] = score.spread;
  }
  result["warnings"] = scores.warnings;
  std::cout << result.dump(2) << std::endl;
  return kDone;
}

}  // namespace uvic

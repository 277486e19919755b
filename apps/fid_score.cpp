#include "fid_score.h"

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "fid_inputs.h"
#include "metrics/stats_file.h"
#include "ranks.h"
#include "sampling/dump/whole.h"

namespace uvic {
namespace {

/// One of the two sides, and what can be had from it.
struct Side {
  std::string name;
  std::optional<FeatureSet> stats;   ///< from a file
  std::unique_ptr<ImageSet> images;  ///< ADM's reference batches hold both
  FeatureSizes sizes;                ///< of the features of `images`
  ExtractTimes times;
  int64_t left_out = 0;
};

Side open_side(const std::string& path, const FeatureCommand& command, const SharedBadFiles& bad) {
  Side side{.name = path, .stats = {}, .images = {}, .sizes = {}, .times = {}};
  const bool npz = path.ends_with(".npz");
  if (npz && holds_stats(path)) side.stats = load_stats(path);
  if (!side.stats || holds_images(path)) side.images = command.open_images(path, bad);
  return side;
}

/// The data set of the configuration.
Side open_training_side(const std::string& path, const FeatureCommand& command, const SharedBadFiles& bad) {
  return {path.empty() ? command.training("").data.path : path, {}, command.open_training(path, bad), {}, {}};
}

/// What the images of a side will give.
SideFacts facts_of(const Side& side, const FeatureExtractor* extractor) {
  SideFacts facts = side.stats ? facts_of(*side.stats)
                               : SideFacts{.name = side.name,
                                           .of_file = false,
                                           .images = 0,
                                           .dim = side.sizes.pooled,
                                           .spatial = side.sizes.spatial,
                                           .rows = false,
                                           .why_no_probabilities = ""};
  if (!side.images || extractor == nullptr) return facts;
  facts.images = side.images->size();
  facts.rows = true;
  facts.why_no_probabilities = extractor->why_no_probabilities();
  return facts;
}

/// Finds what the extractor makes of the images of both, by an image that none of them is.
void probe(FeatureExtractor& extractor, Side& a, Side& b) {
  for (Side* side : {&a, &b}) {
    if (!side->images) continue;
    check_enough(*side->images, side->name);
    const auto [height, width] = side->images->first_size();
    side->sizes = extractor.probe(height, width);
    check_usage(!side->stats || side->stats->pooled.dim() == side->sizes.pooled, extractor.name(), ": gives ",
                side->sizes.pooled, " features of the images of ", side->name, ", but its statistics are of ",
                side->stats ? side->stats->pooled.dim() : 0);
  }
  if (!a.images || !b.images) return;
  const auto [height, width] = a.images->first_size();
  const auto [other_height, other_width] = b.images->first_size();
  if (height != other_height || width != other_width) {
    log_warning(a.name, " has images of ", width, "x", height, ", ", b.name, " of ", other_width, "x",
                other_height, ": to the features another size is another set of images");
  }
}

/// The statistics of a side: from its file, its images, or, where it has both, mean and covariance from the
/// file and the rest from the images.
FeatureSet features_of(Side& side, const FeatureCommand& command, FeatureExtractor* extractor, BadFiles& bad,
                       const ExtractOptions& options, const World& world) {
  const bool more = options.keep_rows || options.probabilities;
  if (side.stats && (!side.images || extractor == nullptr || !more)) return *side.stats;
  auto extracted = command.extract(*extractor, *side.images, side.name, bad, options, world);
  side.times = extracted.times;
  side.left_out = extracted.left_out;
  if (side.stats) {
    log_info(side.name, ": mean and covariance as the file has them");
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
    if (score.spread) {
      std::snprintf(line, sizeof line, " +- %.3g", *score.spread);
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
         "what is judged: a folder (images at any depth, or the training files of idx or CIFAR), a .zip of "
         "images, an .npz of images, or an .npz of statistics (mu, sigma)")
      ->required();
  app.add_option(
      "reference", b,
      "what it is judged by, in the same forms; with --config a data set in place of data.path, read "
      "and prepared as training does");
  app.add_option("--metrics", metrics,
                 "of " + join(score_names(), ", ") + "; by default all that the sides allow")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->check(CLI::IsMember(score_names()));
  app.add_flag("--json", json, "print JSON instead of a table");
  command.add_to(app, "TorchScript extractor, needed unless both sides are statistics");
}

// All that can be known is said before the first image goes through the network.
int ScoreCommand::run() const {
  return as_rank(command.common, Needs::kTexts,
                 [&](const World& world, c10::Device device) { return run(world, device); });
}

int ScoreCommand::run(const World& world, c10::Device device) const {
  const bool configured = command.config.any();
  if (command.config.print_config) {
    if (world.first()) std::cout << command.training(b).to_yaml();
    return kDone;
  }
  check_usage(!b.empty() || configured,
              "reference: give what the images are judged by, or --config C for the data set of a recipe");
  check_scorable(a);  // of two wrong sides an unfinished dump is the one to be told of
  if (!configured) check_scorable(b);
  check_holds_images(a);
  if (!configured) check_holds_images(b);
  std::error_code ignored;
  const bool same = !configured && std::filesystem::equivalent(a, b, ignored);
  const auto bad = command.bad_files("bad-files.txt");
  Side left = open_side(a, command, bad);
  std::optional<Side> other;
  if (configured) {
    other = open_training_side(b, command, bad);
  } else if (!same) {
    other = open_side(b, command, bad);
  }
  Side& right = other ? *other : left;
  bad->tell();

  std::unique_ptr<FeatureExtractor> extractor;
  if (!left.stats || !right.stats || !command.features.empty()) {
    extractor = command.open_extractor(device, (left.stats ? right : left).name + " holds images");
    probe(*extractor, left, right);
  }
  const SideFacts facts_a = facts_of(left, extractor.get()), facts_b = facts_of(right, extractor.get());
  check_scores(facts_a, facts_b, metrics);

  const bool rows = need_rows(metrics) && facts_a.rows && facts_b.rows;
  const bool classes = need_probabilities(metrics) && facts_a.why_no_probabilities.empty();
  const FeatureSet set_a =
      features_of(left, command, extractor.get(), *bad, {.keep_rows = rows, .probabilities = classes}, world);
  const FeatureSet set_b = same ? set_a
                                : features_of(right, command, extractor.get(), *bad,
                                              {.keep_rows = rows, .probabilities = false}, world);
  if (!world.first()) return kDone;
  if (same) log_info("both are the same: ", a, " is compared with itself");
  const Scores scores = compute_scores(set_a, set_b, metrics);
  for (const std::string& text : scores.left_out) log_info("left out: ", text);
  for (const std::string& text : scores.notes) log_info("note: ", text);
  for (const std::string& text : scores.warnings) log_warning(text);
  if (!json) {
    print_table(scores);
    return kDone;
  }
  const auto count = [](const FeatureSet& set) {
    return set.images > 0 ? nlohmann::json(set.images) : nullptr;
  };
  nlohmann::ordered_json result = {{"images", a}, {"reference", right.name}};
  result["num_images"] = count(set_a);
  result["num_reference"] = count(set_b);
  result["left_out"] = left.left_out;
  result["left_out_of_reference"] = right.left_out;
  if (extractor) {
    result["features"] = {{"file", extractor->name()}, {"sha256", extractor->sha256()}};
    const double seconds = left.times.seconds + (same ? 0 : right.times.seconds);
    const double waited = left.times.wait_seconds + (same ? 0 : right.times.wait_seconds);
    if (seconds > 0) result["wait_fraction"] = waited / seconds;
  }
  for (const Score& score : scores.scores) {
    result[score.name] = score.value;
    if (score.spread_name.empty()) continue;
    result[score.spread_name] = score.spread ? nlohmann::ordered_json(*score.spread) : nullptr;
  }
  result["notes"] = scores.notes;
  result["warnings"] = scores.warnings;
  std::cout << result.dump(2) << std::endl;
  return kDone;
}

}  // namespace uvic

// uvic-inspect: what a diffusion model's attention does, and its negative weights.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/signals.h"
#include "inspect/frechet.h"
#include "inspect/json.h"
#include "inspect/samples.h"
#include "inspect/tables.h"
#include "inspect/text_table.h"
#include "inspect_pictures.h"
#include "io/atomic_file.h"
#include "io/npy.h"
#include "metrics/stats_file.h"
#include "recipe/layout.h"
#include "sampling/labels.h"
#include "tasks/diffusion/samples.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

std::vector<const Measures*> measures_of(const std::vector<Observed>& inspections) {
  std::vector<const Measures*> all;
  for (const Observed& inspection : inspections) all.push_back(&inspection.measures);
  return all;
}

/// What one network showed.
struct Seen {
  std::vector<Observed> images, samples, inputs;

  std::vector<const std::vector<Observed>*> sources() const {
    std::vector<const std::vector<Observed>*> some;
    for (const auto* source : {&inputs, &images, &samples}) {
      if (!source->empty()) some.push_back(source);
    }
    return some;
  }
};

struct InspectApp {
  InspectOptions options;

  int run() {
    const c10::Device device = options.common.apply();
    options.check();
    install_signal_handlers();
    try {
      return options.checkpoints.empty() ? run_one(device) : run_series(device);
    } catch (const Stopped&) {
      return interrupted("nothing is written"), kInterrupted;
    }
  }

  int run_one(c10::Device device) {
    const auto subject = open_subject(options.checkpoint, options, device, "--checkpoint");
    if (options.config.print_config) {
      std::cout << subject->config.to_yaml();
      return kDone;
    }
    if (!options.pictures.empty()) query_of(subject->model(), options);
    std::unique_ptr<Subject> other;
    if (!options.against.empty()) other = open_other(*subject, device);
    const FrechetInputs frechet = open_statistics(*subject);
    Json json = {{"checkpoint", subject->loaded.file.string()}};
    std::unique_ptr<RealImages> images;
    const Seen seen = look(*subject, subject->config.data, images, /*draw=*/true);
    print(*subject, seen);
    describe(*subject, seen, json);
    if (other) {
      std::unique_ptr<RealImages> its_images;
      const Seen theirs = look(*other, subject->config.data, its_images, /*draw=*/false);
      json["against"] = {{"checkpoint", other->loaded.file.string()}};
      describe(*other, theirs, json["against"]);
      json["comparison"] = compared(*subject, seen, *other, theirs);
    }
    if (options.suppress_top > 0) json["suppress"] = suppressed(*subject, *images, seen, frechet);
    json["definitions"] = definitions_json();
    write(json);
    return kDone;
  }

  // --- what is looked at

  InspectorOptions measuring(const Subject& subject) const {
    int64_t rank_images = options.rank_images;
    if (rank_images < 0) {
      const bool large = subject.model().num_tokens() > kMostRankTokens;
      rank_images = large ? 0 : options.of_arrays() ? -1 : kRankImages;
      if (large)
        log_info("no effective rank of ", subject.model().num_tokens(),
                 " tokens; --rank-images 1 computes it");
    }
    return {.chunk = options.chunk, .rank_images = rank_images};
  }

  std::vector<Observed> inspect_all(const Subject& subject, const std::vector<InputSet>& inputs) const {
    std::vector<Observed> inspections;
    int64_t total = 0;
    for (const InputSet& level : inputs) total += level.images;
    ProgressBar bar("inspecting", "images", total);
    int64_t done = 0;
    for (const InputSet& level : inputs) {
      inspections.push_back(
          inspect(subject.network, subject.model(), level, measuring(subject), [&](int64_t images) {
            bar.update(done + images);
            stop_if_asked();
          }));
      done += level.images;
      Measures& measures = inspections.back().measures;
      if (options.kind != "all") measures = only(measures, Choice<AttentionKind>(options.kind));
    }
    return inspections;
  }

  Seen look(Subject& subject, const DataOptions& data, std::unique_ptr<RealImages>& images, bool draw) const {
    Seen seen;
    const bool drawn = draw && !options.pictures.empty();
    if (options.of_arrays()) {
      const std::vector<InputSet> inputs = {read_inputs(subject, options)};
      seen.inputs = inspect_all(subject, inputs);
      if (drawn) {
        write_heat_maps(subject.model(), seen.inputs, options);
        write_attention_maps(subject, inputs, load_npy(options.inputs).to(at::kFloat), options);
      }
      return seen;
    }
    const auto times = times_of(subject, options);
    const bool needs_images = options.over_images() || subject.model().has_context();
    if (needs_images) images = images_of(subject, data, options);
    if (options.over_images()) {
      log_info("over ", images->description());
      std::vector<InputSet> levels;
      for (const double t : times) levels.push_back(images->at(t));
      seen.images = inspect_all(subject, levels);
      if (drawn) {
        write_heat_maps(subject.model(), seen.images, options);
        write_attention_maps(subject, levels, images->x0(), options);
      }
    }
    if (options.over_samples()) {
      const std::vector<InputSet> levels = sample(subject, images.get(), times);
      seen.samples = inspect_all(subject, levels);
      if (drawn) write_heat_maps(subject.model(), seen.samples, options);
    }
    return seen;
  }

  std::vector<InputSet> sample(Subject& subject, const RealImages* images,
                               const std::vector<double>& times) const {
    const ModelOptions& model = subject.model();
    const int64_t count = images != nullptr ? images->size() : options.num;
    Condition condition;
    if (images != nullptr) {
      condition = images->condition();
    } else if (model.conditional()) {
      condition.labels = balanced_labels(model, count).to(subject.device);
    }
    auto& batch_size = subject.loaded.config.recipe.sample.batch_size;
    batch_size = std::min(batch_size, count);
    SamplerParts parts;
    if (images != nullptr) {
      parts = images->sampler_parts();
      parts.decode = {};  // only the states are looked at
    }
    return sampled_inputs(subject.loaded, subject.device, parts, times, condition,
                          images != nullptr ? images->context_rows() : at::Tensor(),
                          images != nullptr ? images->groups() : token_groups(model, count),
                          [](size_t, int64_t, const at::Tensor&) { stop_if_asked(); });
  }

  static at::Tensor balanced_labels(const ModelOptions& model, int64_t count) {
    return at::tensor(choose_labels("balanced", seeds_in_turn(count), model.real_classes()), at::kLong);
  }

  // --- what is said

  void print(const Subject& subject, const Seen& seen) const {
    const ModelOptions& model = subject.model();
    std::cout << subject.loaded.file.string() << ": " << model.depth + 1 << " blocks, " << model.num_heads
              << " heads, " << model.num_tokens() << " tokens\n";
    for (const auto* source : seen.sources()) {
      const Measures mean = mean_of(measures_of(*source));
      const Observed &first = source->front(), &last = source->back();
      std::cout << "\n" << mean.images() << " " << first.source;
      if (!std::isnan(first.t))
        std::cout << ", mean over t " << level_text(first.t) << " to " << level_text(last.t);
      std::cout << ":\n" << blocks_table(mean);
      if (source->size() > 1) {
        std::cout << "\nshare of |W| that is negative, by noise level:\n"
                  << levels_table(*source, kNegativeMass);
        std::cout << "\nentropy of |W|, by noise level:\n" << levels_table(*source, kEntropy);
      }
      std::cout << "\n|W| from a patch to each group of tokens, mean and deviation over heads:\n"
                << groups_table(mean);
      std::cout << "\nactivations and cosines:\n" << activations_table(mean);
    }
    std::cout << std::flush;
  }

  static void describe(const Subject& subject, const Seen& seen, Json& json) {
    const ModelOptions& model = subject.model();
    for (int64_t token = 0; token < model.num_tokens(); ++token)
      json["tokens"].push_back(token_name(model, token));
    const auto sources = seen.sources();
    const Measures mean = mean_of(measures_of(*sources.front()));
    json["images"] = mean.images();
    json["layers"] = layers_json(mean);
    for (const auto* source : sources) {
      for (const Observed& inspection : *source) json["conditions"].push_back(inspection_json(inspection));
    }
  }

  Json compared(const Subject& subject, const Seen& seen, const Subject& other, const Seen& theirs) const {
    Json json = Json::object();
    const auto ours = seen.sources(), its = theirs.sources();
    for (size_t i = 0; i < ours.size(); ++i) {
      const NetworkComparison comparison =
          compare(mean_of(measures_of(*ours[i])), mean_of(measures_of(*its[i])));
      const std::string source = ours[i]->front().source;
      std::cout << "\n"
                << subject.loaded.file.string() << " against " << other.loaded.file.string() << ", " << source
                << " (means over blocks and heads, paired by image):\n"
                << comparison_table(comparison);
      json[source] = comparison_json(comparison);
    }
    std::cout << std::flush;
    return json;
  }

  std::unique_ptr<Subject> open_other(const Subject& subject, c10::Device device) const {
    auto other = open_subject(options.against, options, device, "--against");
    for (const auto& [ours, theirs] : differing_fields(subject.loaded.recipe(), other->loaded.recipe())) {
      check_usage(!ours.is(kInterface), "--against ", options.against, ": ", ours.key, " is ",
                  value_text(theirs), ", but that of the network it is to be compared with is ",
                  value_text(ours));
    }
    return other;
  }

  // --- without tokens

  struct FrechetInputs {
    std::unique_ptr<FeatureExtractor> extractor;
    FeatureSet reference;
  };

  FrechetInputs open_statistics(const Subject& subject) const {
    const ModelOptions& model = subject.model();
    check_usage(2 * options.suppress_top <= model.num_tokens(), "--suppress-top ", options.suppress_top,
                ": as many others are taken at random; the model has ", model.num_tokens(), " tokens");
    if (options.stats.empty()) return {};
    check_makes_pictures(subject.loaded.recipe(), "--stats");
    auto extractor = std::make_unique<FeatureExtractor>(options.features, subject.device);
    const auto [C, H, W] = model.image_shape();
    FeatureSet reference = load_reference("--stats", options.stats, *extractor, "--features", {H, W});
    return {std::move(extractor), std::move(reference)};
  }

  Json suppressed(Subject& subject, const RealImages& images, const Seen& seen,
                  const FrechetInputs& frechet) const {
    std::vector<InputSet> levels;
    for (const Observed& inspection : seen.images) levels.push_back(images.at(inspection.t));
    Suppression result = suppress(subject.network, mean_of(measures_of(seen.images)), levels,
                                  options.suppress_top, options.draws, uint64_t(options.seed));
    if (frechet.extractor) add_frechet(subject, images, frechet, result);
    std::cout << "\nwithout the " << options.suppress_top << " strongest tokens of each block ("
              << options.draws << " draws of random ones):\n"
              << suppression_table(result, subject.model()) << std::flush;
    return suppression_json(result, subject.model());
  }

  void add_frechet(Subject& subject, const RealImages& images, const FrechetInputs& frechet,
                   Suppression& result) const {
    SampleRequest request;
    request.seeds = seeds_in_turn(options.frechet_images);
    request.labels = choose_labels("balanced", request.seeds, subject.model().real_classes());
    if (images.context_rows().defined()) {
      const auto rows = at::arange(options.frechet_images).remainder(images.size());
      request.context = images.context_rows().index_select(0, rows);
    }
    subject.loaded.config.recipe.sample.batch_size =
        std::min<int64_t>(subject.config.sample.batch_size, options.frechet_images);
    const TokensOfBlocks whole, *sets[] = {&whole, &result.top, &result.random.front()};
    for (size_t i = 0; i < result.frechet.size(); ++i) {
      result.frechet[i] = frechet_without(*sets[i], subject.loaded, subject.device, images.sampler_parts(),
                                          request, *frechet.extractor, frechet.reference,
                                          [](size_t, int64_t, const at::Tensor&) { stop_if_asked(); });
    }
    result.frechet_images = options.frechet_images;
  }

  // --- as training goes on

  int run_series(c10::Device device) {
    auto folders = checkpoints_of(options.checkpoints);
    check_usage(!folders.empty(), "--checkpoints ", options.checkpoints,
                ": is no run directory: there are no checkpoints/step-XXXXXXXX with weights in it");
    std::reverse(folders.begin(), folders.end());
    std::vector<std::pair<int64_t, Observed>> seen;
    Json json = {{"run", options.checkpoints}, {"checkpoints", Json::array()}};
    std::optional<DataOptions> data;
    for (const auto& folder : folders) {
      const auto subject = open_subject(folder, options, device, "--checkpoints");
      if (options.config.print_config) {
        std::cout << subject->config.to_yaml();
        return kDone;
      }
      if (!data) data = subject->config.data;
      const auto images = images_of(*subject, *data, options);
      std::vector<InputSet> levels;
      for (const double t : times_of(*subject, options)) levels.push_back(images->at(t));
      const auto inspections = inspect_all(*subject, levels);
      std::vector<at::Tensor> losses;
      for (const Observed& inspection : inspections) losses.push_back(inspection.losses);
      const int64_t step = checkpoint_step(folder.filename());
      constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
      seen.emplace_back(step,
                        Observed{"images", kNone, kNone, mean_of(measures_of(inspections)), at::cat(losses)});
      json["checkpoints"].push_back({{"step", step}});
      json["checkpoints"].back().update(inspection_json(seen.back().second));
    }
    std::cout << options.checkpoints << ", over images, means over blocks, heads and noise levels:\n"
              << training_table(seen) << std::flush;
    if (!options.pictures.empty()) write_training_maps(seen, options);
    json["definitions"] = definitions_json();
    write(json);
    return kDone;
  }

  void write(const Json& json) const {
    if (options.json.empty()) return;
    write_file_atomically(options.json, json.dump(1) + "\n");
    log_info("wrote ", options.json);
  }

  static constexpr int64_t kMostRankTokens = 1025, kRankImages = 4;
};

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  uvic::InspectApp inspect;
  return uvic::run_app(
      "uvic-inspect",
      "Looks into the attention of a U-ViT diffusion model: its negative weights, its sinks, what it knows "
      "of images.",
      argc, argv, [&](CLI::App& app) { inspect.options.add_to(app); },
      [&] {
        uvic::refuse_ranks("uvic-inspect");
        return inspect.run();
      });
}

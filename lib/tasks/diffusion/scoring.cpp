#include "tasks/diffusion/scoring.h"

#include <ATen/ATen.h>

#include <chrono>
#include <limits>

#include "core/errors.h"
#include "core/log.h"
#include "io/grid.h"
#include "metrics/frechet.h"
#include "metrics/scores.h"
#include "nn/uvit.h"
#include "sampling/finite.h"
#include "sampling/make_sampler.h"
#include "tasks/diffusion/samples.h"
#include "tasks/diffusion/shared_features.h"

namespace uvic {
namespace {

constexpr int64_t kExtractorBatch = 64;
// Images that may wait for the extractor; beyond that sampling waits.
constexpr int64_t kMostWaitingBytes = int64_t{256} << 20;

// What a step has of which nothing could be scored.
Scorer::Score no_score(int64_t step) {
  return {step, {{"fid", std::numeric_limits<double>::quiet_NaN()}, {"fid_images", 0.0}}};
}

struct GivenUp {};
struct NotFinite {};

SampleOptions options_of(const DiffusionConfig& config) {
  SampleOptions options = config.sample;
  options.batch_size = std::min(options.batch_size, config.train.eval_images);
  return options;
}

}  // namespace

FidScorer::FidScorer(const DiffusionConfig& config, c10::Device device)
    : config_(config), device_(device), extractor_(config.train.eval_features, device) {
  check_makes_pictures(config, "train.eval_interval");
  check_usage(config.sample.cfg == 1.0 || config.has_null(), "train.eval_interval: sample.cfg is ",
              config.sample.cfg,
              ", which needs a model of classes or of text trained with diffusion.p_uncond above 0; use 1");
  check_usage(!config.sample.has_guide(), "train.eval_interval: sample.guide_checkpoint is ",
              config.sample.guide_checkpoint, ", but evaluation during training has no guide; use none");
  const auto [C, H, W] = config.model.image_shape();
  reference_ =
      load_reference("train.eval_stats", config.train.eval_stats, extractor_, "train.eval_features", {H, W});
}

FidScorer::~FidScorer() {
  FidScorer::give_up();
}

std::string FidScorer::describe() const {
  const auto& [train, sample] = std::tie(config_.train, config_.sample);
  const std::string guidance = sample.cfg == 1.0 ? "without guidance (sample.cfg is 1)"
                                                 : c10::str("guidance ", sample.cfg, " (sample.cfg)");
  const int64_t evaluations = plan_sampling(sample, config_.diffusion).evaluations;
  return c10::str("evaluation: every ", train.eval_interval, " steps, ", train.eval_images, " images, ",
                  sample.solver, ", ", sample.steps, " steps of ", evaluations, " evaluations in all, ",
                  guidance, ", against ", train.eval_stats, " by ", train.eval_features, " (SHA-256 ",
                  extractor_.sha256(), ")");
}

void FidScorer::start(int64_t step, const TaskContext& context) {
  TORCH_CHECK(!pending(), "an evaluation is pending");
  images_.clear();
  waiting_bytes_ = 0;
  given_up_ = false;
  result_ = std::async(std::launch::async,
                       [this, step, alone = context.world.alone()] { return collect_features(step, alone); });
  FiniteCheck finite(context.world.share(config_.train.eval_images));
  bool whole = false;
  try {
    whole = samples_->run(
        *model_, options_of(config_), config_.train.eval_images, context.world,
        [&](size_t, const at::Tensor& images) {
          finite.add(images);
          if (finite.any_bad()) throw NotFinite{};
          push(to_uint8(images));
        },
        [&](size_t first, int64_t solver_step, const at::Tensor&) {
          context.progress(c10::str("sampling ", first, "/", config_.train.eval_images,
                                    " to be scored, step ", solver_step, "/", config_.sample.steps));
        },
        context.stopping);
  } catch (const NotFinite&) {
    log_warning("evaluation of step ", step, ": ", finite.text(config_.sample.precision, "sample.precision"),
                "; the score is NaN");
    take_no_more();
    whole = true;
  } catch (...) {
    give_up();
    throw;
  }
  if (context.world.all(whole)) {
    push({});
  } else {
    give_up();
  }
}

void FidScorer::push(at::Tensor images) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return given_up_ || waiting_bytes_ <= kMostWaitingBytes; });
  if (given_up_) return;  // nobody takes them
  if (images.defined()) waiting_bytes_ += int64_t(images.nbytes());
  images_.push_back(std::move(images));
  changed_.notify_all();
}

at::Tensor FidScorer::pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return given_up_ || !images_.empty(); });
  if (given_up_) throw GivenUp{};
  at::Tensor images = std::move(images_.front());
  images_.pop_front();
  if (images.defined()) waiting_bytes_ -= int64_t(images.nbytes());
  changed_.notify_all();
  return images;
}

FidScorer::Result FidScorer::collect_features(int64_t step, bool alone) {
  Result result{.step = step, .score = no_score(step)};
  try {
    auto collector = std::make_unique<FeatureCollector>(extractor_, ExtractOptions{});
    for (at::Tensor images = pop(); images.defined(); images = pop()) {
      for (const at::Tensor& part : images.split(kExtractorBatch)) {
        collector->add(part.expand({-1, 3, -1, -1}));
        const std::lock_guard lock(mutex_);
        if (given_up_) throw GivenUp{};
      }
    }
    if (alone) result.score = score(step, *collector);
    result.features = std::move(collector);
  } catch (const GivenUp&) {
  } catch (const std::exception& error) {
    take_no_more();  // whoever waits for room must not wait for ever
    log_warning("the evaluation of step ", step, " failed: ", error.what());
  }
  return result;
}

Scorer::Score FidScorer::score(int64_t step, const FeatureCollector& features) const {
  try {
    const FeatureSet samples = features.finish(c10::str("the samples of step ", step));
    const FrechetResult distance = frechet_distance(samples.pooled, reference_.pooled);
    const std::string warning =
        small_sample_warning({{samples.name, samples.images, distance.rank_a}}, samples.pooled.dim());
    if (!warning.empty()) log_warning(warning);
    return {step, {{"fid", distance.distance}, {"fid_images", double(samples.images)}}};
  } catch (const std::exception& error) {
    log_warning("the evaluation of step ", step, " failed: ", error.what());
    return no_score(step);
  }
}

std::optional<Scorer::Score> FidScorer::collect(bool wait, const TaskContext& context) {
  const World& world = context.world;
  const auto ready = [&] {
    return result_.wait_for(std::chrono::milliseconds(wait ? 100 : 0)) == std::future_status::ready;
  };
  if (!pending()) return std::nullopt;
  while (!world.all(ready())) {
    if (!wait || world.any(context.stopping())) return std::nullopt;
    context.progress("waiting for the features of what is scored");
  }
  Result result = result_.get();
  if (!world.alone() && world.all(result.features != nullptr)) {
    collect_of_all(world, *result.features);
    if (world.first()) result.score = score(result.step, *result.features);
  }
  const Score& made = result.score;
  log_info("step ", made.step, ": FID ", made.values[0].second, " of ", made.values[1].second,
           " images, guidance ", config_.sample.cfg);
  return made;
}

// The thread behind ends with a score of NaN.
void FidScorer::take_no_more() {
  const std::lock_guard lock(mutex_);
  given_up_ = true;
  changed_.notify_all();
}

void FidScorer::give_up() {
  take_no_more();
  if (pending()) result_.get();
  images_.clear();
  waiting_bytes_ = 0;
}

}  // namespace uvic

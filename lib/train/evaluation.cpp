#include "train/evaluation.h"

#include <ATen/ATen.h>

#include <chrono>
#include <limits>

#include "core/errors.h"
#include "core/log.h"
#include "io/grid.h"
#include "metrics/frechet.h"
#include "metrics/scores.h"

namespace uvic {
namespace {

constexpr int64_t kExtractorBatch = 64;

struct GivenUp {};

SampleOptions options_of(const Config& config) {
  SampleOptions options = config.sample;
  options.batch_size = std::min(options.batch_size, config.train.eval_images);
  return options;
}

}  // namespace

Evaluation::Evaluation(const Config& config, c10::Device device)
    : config_(config),
      extractor_(config.train.eval_features, device),
      reference_(load_stats(config.train.eval_stats)) {
  const auto& model = config.model;
  check_usage(model.in_chans == 1 || model.in_chans == 3,
              "train.eval_interval: the samples must be pictures of 1 or 3 channels, but model.in_chans is ",
              model.in_chans);
  check_usage(config.sample.cfg == 1.0 || (model.conditional() && config.diffusion.p_uncond > 0),
              "train.eval_interval: sample.cfg is ", config.sample.cfg,
              ", which needs a class-conditional model trained with diffusion.p_uncond above 0; use 1");
  check_usage(!config.sample.has_guide(), "train.eval_interval: sample.guide_checkpoint is ",
              config.sample.guide_checkpoint, ", but evaluation during training has no guide; use none");
  const int64_t D = extractor_.probe(model.height(), model.width());
  check_usage(D == reference_.pooled.dim(), "train.eval_stats: ", config.train.eval_stats, " is of ",
              reference_.pooled.dim(), " features, but train.eval_features ", config.train.eval_features,
              " gives ", D);
}

Evaluation::~Evaluation() {
  give_up();
}

std::string Evaluation::describe() const {
  const auto& [train, sample] = std::tie(config_.train, config_.sample);
  const std::string guidance = sample.cfg == 1.0 ? "without guidance (sample.cfg is 1)"
                                                 : c10::str("guidance ", sample.cfg, " (sample.cfg)");
  const int64_t evaluations = plan_sampling(sample, config_.diffusion).evaluations;
  return c10::str("evaluation: every ", train.eval_interval, " steps, ", train.eval_images, " images, ",
                  sample.solver, ", ", sample.steps, " steps of ", evaluations, " evaluations in all, ",
                  guidance, ", against ", train.eval_stats, " by ", train.eval_features, " (SHA-256 ",
                  extractor_.sha256(), ")");
}

void Evaluation::start(const TrainState& state, const Sampler::OnStep& on_step) {
  TORCH_CHECK(!pending(), "an evaluation is pending");
  images_.clear();
  given_up_ = false;
  result_ = std::async(std::launch::async, [this, step = state.step] { return score(step); });
  const auto to_extractor = [&](size_t, const at::Tensor& images) {
    const at::Tensor bytes = to_uint8(images);
    push(bytes.expand({-1, 3, -1, -1}));
  };
  bool whole = false;
  try {
    whole = sample_average(state, options_of(config_), config_.train.eval_images, to_extractor, on_step);
  } catch (...) {
    give_up();
    throw;
  }
  if (whole) {
    push({});
  } else {
    give_up();
  }
}

void Evaluation::push(at::Tensor images) {
  const std::lock_guard lock(mutex_);
  images_.push_back(std::move(images));
  arrived_.notify_one();
}

at::Tensor Evaluation::pop() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [&] { return given_up_ || !images_.empty(); });
  if (given_up_) throw GivenUp{};
  at::Tensor images = std::move(images_.front());
  images_.pop_front();
  return images;
}

Evaluation::Result Evaluation::score(int64_t step) {
  Result result{.step = step, .images = 0, .fid = std::numeric_limits<double>::quiet_NaN()};
  try {
    FeatureCollector collector(extractor_, {});
    for (at::Tensor images = pop(); images.defined(); images = pop()) {
      for (const at::Tensor& part : images.split(kExtractorBatch)) {
        collector.add(part);
        const std::lock_guard lock(mutex_);
        if (given_up_) throw GivenUp{};
      }
    }
    const FeatureSet samples = collector.finish(c10::str("the samples of step ", step));
    const FrechetResult distance = frechet_distance(samples.pooled, reference_.pooled);
    const std::string warning =
        small_sample_warning(samples.name, samples.images, distance.rank_a, samples.pooled.dim());
    if (!warning.empty()) log_warning(warning);
    result.images = samples.images;
    result.fid = distance.distance;
  } catch (const GivenUp&) {
  } catch (const std::exception& error) {
    log_warning("the evaluation of step ", step, " failed: ", error.what());
  }
  return result;
}

std::optional<Evaluation::Result> Evaluation::collect(bool wait) {
  if (!pending()) return std::nullopt;
  if (!wait && result_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return std::nullopt;
  return result_.get();
}

void Evaluation::give_up() {
  {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
  }
  arrived_.notify_all();
  if (pending()) result_.get();
}

}  // namespace uvic

#include "metrics/extract.h"

#include <ATen/ATen.h>

#include <chrono>

#include "core/errors.h"

namespace uvic {

std::string few_images_text(const std::string& name, int64_t images) {
  return c10::str(name, ": statistics need two images or more, there ", images == 1 ? "is " : "are ", images);
}

FeatureCollector::FeatureCollector(FeatureExtractor& extractor, const ExtractOptions& options)
    : extractor_(extractor), options_(options) {}

void FeatureCollector::add(const at::Tensor& images) {
  Features features = extractor_(images, options_.probabilities);
  check_finite(features.pooled);
  if (features.spatial.defined()) check_finite(features.spatial);
  pooled_.add(features.pooled);
  if (features.spatial.defined()) spatial_.add(features.spatial);
  if (options_.keep_rows) rows_.push_back(std::move(features.pooled));
  if (options_.probabilities) probabilities_.push_back(std::move(features.probabilities));
}

void FeatureCollector::check_finite(const at::Tensor& rows) const {
  const at::Tensor finite = rows.isfinite().all(1);
  if (finite.all().item<bool>()) return;
  const auto row = finite.logical_not().nonzero()[0][0].item<int64_t>();
  throw NonFiniteFeatures(
      c10::str(extractor_.name(), ": gave features that are not finite for image ", count() + row), row);
}

void FeatureCollector::add_pictures(const at::Tensor& pictures) {
  constexpr int64_t kAtOnce = 64;
  for (const at::Tensor& part : pictures.split(kAtOnce)) add(part.expand({-1, 3, -1, -1}));
}

FeatureCollector::State FeatureCollector::state() const {
  State state;
  if (count() == 0) return state;
  state.pooled = pooled_.state();
  if (spatial_.count() > 0) state.spatial = spatial_.state();
  if (options_.keep_rows) state.rows = at::cat(rows_);
  if (options_.probabilities) state.probabilities = at::cat(probabilities_);
  return state;
}

void FeatureCollector::merge(const State& state) {
  if (state.pooled.defined()) pooled_.merge(state.pooled);
  if (state.spatial.defined()) spatial_.merge(state.spatial);
  if (state.rows.defined()) rows_.push_back(state.rows);
  if (state.probabilities.defined()) probabilities_.push_back(state.probabilities);
}

FeatureSet FeatureCollector::finish(const std::string& name) const {
  check_usage(count() >= 2, few_images_text(name, count()));
  FeatureSet set{.name = name,
                 .of_file = false,
                 .images = count(),
                 .pooled = pooled_.gaussian(),
                 .spatial = {},
                 .rows = {},
                 .probabilities = {},
                 .why_no_probabilities = extractor_.why_no_probabilities()};
  if (spatial_.count() > 0) set.spatial = spatial_.gaussian();
  TORCH_CHECK(set.pooled.covariance.isfinite().all().item<bool>(), name, ": ", extractor_.name(),
              " gave features that are not finite");
  if (options_.keep_rows) set.rows = at::cat(rows_);
  if (options_.probabilities) set.probabilities = at::cat(probabilities_);
  return set;
}

ExtractTimes extract_all(const NextImages& next, FeatureCollector& collector,
                         const std::function<void(int64_t)>& on_progress) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point from) {
    return std::chrono::duration<double>(Clock::now() - from).count();
  };
  ExtractTimes times;
  const auto began = Clock::now();
  for (;;) {
    const auto asked = Clock::now();
    const at::Tensor images = next();
    times.wait_seconds += seconds_since(asked);
    if (!images.defined()) break;
    collector.add(images);
    if (on_progress) on_progress(collector.count());
  }
  times.seconds = seconds_since(began);
  return times;
}

}  // namespace uvic

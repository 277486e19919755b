// The Frechet distance of the samples of a run as it goes on.
#pragma once
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>

#include "metrics/stats_file.h"
#include "train/samples.h"

namespace uvic {

/// Samples train.eval_images images as the `sample` section says, guidance included, and scores them against
/// train.eval_stats. Training stands still for the sampling alone: the features are computed in a thread
/// behind it, while training goes on. It draws from no generator that training uses.
class Evaluation {
 public:
  struct Result {
    int64_t step = 0, images = 0;
    double fid = 0;  ///< NaN if the features could not be computed (a warning says why)
  };

  /// UsageError, naming the files: they cannot be read, differ in the number of features, or the network
  /// makes no pictures of 1 or 3 channels.
  Evaluation(const Config& config, c10::Device device);
  ~Evaluation();
  Evaluation(const Evaluation&) = delete;
  Evaluation& operator=(const Evaluation&) = delete;

  /// "every 5000 steps, 10000 images, ddim, 50 steps, guidance 1.5 (sample.cfg), ..."
  std::string describe() const;

  /// Samples, and leaves the features to the thread. `on_step` as Sampler's. Nothing may be pending. A signal
  /// gives it up.
  void start(const TrainState& state, const Sampler::OnStep& on_step);
  bool pending() const { return result_.valid(); }
  /// The result of what was started, if it is there; `wait`: waits for it.
  std::optional<Result> collect(bool wait);
  /// Forgets what was started.
  void give_up();

 private:
  Result score(int64_t step);
  void push(at::Tensor images);
  at::Tensor pop();

  Config config_;
  FeatureExtractor extractor_;
  FeatureSet reference_;
  std::mutex mutex_;  // of the images on their way
  std::condition_variable arrived_;
  std::deque<at::Tensor> images_;  // an undefined one: no more
  bool given_up_ = false;
  std::future<Result> result_;
};

}  // namespace uvic

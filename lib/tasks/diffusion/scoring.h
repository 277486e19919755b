// The Frechet distance of the samples of a run as it goes on.
#pragma once
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include "metrics/stats_file.h"
#include "tasks/diffusion/samples.h"
#include "train/task.h"

namespace uvic {

class UViT;

/// Samples train.eval_images images as the `sample` section says, guidance included, and scores them against
/// train.eval_stats. Training stands still for the sampling alone: the features are computed in a thread
/// behind it, while training goes on. It draws from no generator that training uses.
class FidScorer : public Scorer {
 public:
  /// UsageError, naming files or keys: the files cannot be read or differ in the number of features, or the
  /// network makes no pictures of 1 or 3 channels, or cannot be guided as `sample` says.
  FidScorer(const DiffusionConfig& config, c10::Device device);
  ~FidScorer() override;
  FidScorer(const FidScorer&) = delete;
  FidScorer& operator=(const FidScorer&) = delete;

  /// "evaluation: every 5000 steps, 10000 images, ddim, 50 steps ..., guidance 1.5 (sample.cfg), ..."
  std::string describe() const;
  /// The network that samples are made from, and how; to be set before `start`. `samples` must outlive it.
  void use(std::shared_ptr<UViT> model, const TrainingSamples& samples) {
    model_ = std::move(model);
    samples_ = &samples;
  }

  std::string key() const override { return "fid"; }
  void start(int64_t step, const TaskContext& context) override;
  bool pending() const override { return result_.valid(); }
  std::optional<Score> collect(bool wait, const TaskContext& context) override;
  void give_up() override;

 private:
  struct Result {
    int64_t step = 0;
    std::unique_ptr<FeatureCollector> features = {};  // of this rank's images; null: a warning has said why
    Score score = {};                                 // of one process: made behind training, too
  };
  Result collect_features(int64_t step, bool alone);
  Score score(int64_t step, const FeatureCollector& features) const;
  void push(at::Tensor images);
  void take_no_more();
  at::Tensor pop();

  DiffusionConfig config_;
  c10::Device device_;
  std::shared_ptr<UViT> model_;
  const TrainingSamples* samples_ = nullptr;
  FeatureExtractor extractor_;
  FeatureSet reference_;
  std::mutex mutex_;  // of the images on their way
  std::condition_variable changed_;
  std::deque<at::Tensor> images_;  // an undefined one: no more
  int64_t waiting_bytes_ = 0;
  bool given_up_ = false;
  std::future<Result> result_;
};

}  // namespace uvic

// Training a diffusion model of images.
#pragma once
#include <memory>

#include "data/dataset.h"
#include "data/loader.h"
#include "recipe/start_weights.h"
#include "tasks/diffusion/config.h"
#include "tasks/diffusion/loss_buckets.h"
#include "tasks/diffusion/objective.h"
#include "tasks/diffusion/scoring.h"
#include "tasks/diffusion/validation.h"
#include "train/task.h"

namespace uvic {

class DiffusionTask : public Task {
 public:
  DiffusionTask(const DiffusionConfig& config, c10::Device device);

  std::string describe() const override;
  void open(const std::filesystem::path& memory) override;
  std::string describe_data() const override;
  std::string data_identity() const override;
  std::map<std::string, std::string> weights_metadata() const override;
  std::vector<std::string> data_differences(const std::string& then) const override;
  /// build() then takes the initial weights of a network of `model`, and of the same seed, wherever names and
  /// shapes agree.
  void begin_like(const ModelOptions& model) { begins_like_ = model; }
  void build(uint64_t seed) override;
  std::shared_ptr<torch::nn::Module> module() const override;
  /// Which network of the file that init_from will be given, see WeightsFile. Reads it and says what would be
  /// taken of it, with UsageError if it does not do.
  StartWeights plan_start(const std::filesystem::path& weights_file, const std::string& network);
  void init_from(const std::filesystem::path& weights_file) override;
  std::string unit() const override { return "images"; }
  void begin(const SliceSequence& slices, int64_t first_step, int64_t last_step) override;
  std::vector<at::Tensor> inputs(const Slice& slice) override;
  at::Tensor losses(const std::vector<at::Tensor>& inputs) override { return objective_->losses(inputs); }
  bool replayable() const override { return true; }
  void count(const at::Tensor& losses) override;
  double wait_seconds() const override { return loader_ ? loader_->wait_seconds() : 0; }
  Values step_values(const World& world) override;
  bool can_validate() const override { return validation_ != nullptr; }
  Values validate(const World& world) override {
    return {{"val_loss", validation_->loss(*objective_, world)}};
  }
  void preview(int64_t step, const TaskContext& context) override;
  Scorer* scorer() override { return scorer_.get(); }
  void finish() override;

 private:
  void count_losses();

  DiffusionConfig config_;
  c10::Device device_;
  DataSets data_;
  std::unique_ptr<ExampleMaker> examples_;
  std::unique_ptr<TrainingSamples> samples_;
  std::unique_ptr<FidScorer> scorer_;  // null if train.eval_interval is 0
  std::unique_ptr<DiffusionObjective> objective_;
  std::unique_ptr<Validation> validation_;  // null if no images are held out
  std::unique_ptr<DataLoader> loader_;
  LossBuckets buckets_;
  std::string start_network_ = "ema";
  std::optional<ModelOptions> begins_like_;
  at::Tensor times_;                             // of the slice
  std::pair<at::Tensor, at::Tensor> uncounted_;  // times and losses that are not in buckets_ yet
};

}  // namespace uvic

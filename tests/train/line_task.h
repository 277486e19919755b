// The engine's smallest task, which has nothing to do with images: a line through points.
#pragma once
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/log.h"
#include "core/random.h"
#include "recipe/layout.h"
#include "support/support.h"
#include "train/trainer.h"

namespace uvic::testing {

namespace fs = std::filesystem;
using at::Tensor;

struct LineConfig {
  OptimizerOptions optimizer{.lr = 0.1, .warmup_steps = 1};
  TrainOptions train{.steps = 6,
                     .batch_size = 8,
                     .ema = {0.9},
                     .log_interval = 2,
                     .sample_interval = 3,
                     .checkpoint_interval = 2,
                     .val_interval = 3};

  void visit(FieldList& fields) {
    fields.section("optimizer", optimizer);
    fields.section("train", train);
  }
  void resolve() {}
  std::string to_yaml() const { return print_yaml(fields_of(*this)); }
};

/// y = 3 x + 1 at points drawn by their position in the stream.
inline Tensor line_points(uint64_t seed, const Slice& slice) {
  Tensor x = at::empty({slice.count, 1});
  for (int64_t i = 0; i < slice.count; ++i)
    x.data_ptr<float>()[i] = CounterRandom(seed, RandomStream::kNoise, uint64_t(slice.position(i))).uniform();
  return x;
}

inline Tensor line_losses(torch::nn::LinearImpl& line, const Tensor& x) {
  return (line.forward(x) - (x * 3 + 1)).square().squeeze(1);
}

/// Scores nothing in particular, at once.
class LineScorer : public Scorer {
 public:
  std::string key() const override { return "score"; }
  void start(int64_t step, const TaskContext& context) override {
    if (on_start) on_start(step);
    if (!context.stopping()) started_ = step;
  }
  bool pending() const override { return started_ >= 0; }
  std::optional<Score> collect(bool, const TaskContext&) override {
    if (!pending()) return std::nullopt;
    return Score{std::exchange(started_, -1), {{"score", 0.5}}};
  }
  void give_up() override { started_ = -1; }

  std::function<void(int64_t)> on_start;

 private:
  int64_t started_ = -1;
};

class LineTask : public Task {
 public:
  std::string describe() const override { return "a line"; }
  void open(const fs::path&) override {}
  std::string describe_data() const override { return "points"; }
  std::string data_identity() const override { return data; }
  std::vector<std::string> data_differences(const std::string& then) const override {
    return then == data ? std::vector<std::string>() : std::vector{then + " then, " + data + " now"};
  }
  void build(uint64_t seed) override {
    at::manual_seed(seed);
    line_ = std::make_shared<torch::nn::LinearImpl>(1, 1);
  }
  std::shared_ptr<torch::nn::Module> module() const override { return line_; }
  void init_from(const fs::path&) override {}
  std::string unit() const override { return "points"; }
  void begin(const SliceSequence&, int64_t, int64_t) override {}
  std::vector<Tensor> inputs(const Slice& slice) override {
    if (on_slice) on_slice(slice);
    const bool spoilt = slice.step >= spoil_from && slice.step < spoil_to;
    return {line_points(1, slice) * (spoilt ? std::numeric_limits<double>::quiet_NaN() : 1)};
  }
  bool replayable() const override { return true; }
  Tensor losses(const std::vector<Tensor>& inputs) override { return line_losses(*line_, inputs[0]); }
  double wait_seconds() const override { return 0; }
  Values step_values(const World&) override { return {{"slope", line_->weight.item<double>()}}; }
  bool can_validate() const override { return true; }
  Values validate(const World&) override {
    return {{"val_loss", line_losses(*line_, line_points(2, {0, 0, 64, 64})).mean().item<double>()}};
  }
  void preview(int64_t step, const TaskContext&) override { previews.push_back(step); }
  Scorer* scorer() override { return line_scorer ? &*line_scorer : nullptr; }
  void finish() override { finished = true; }

  std::string data = "points";
  std::function<void(const Slice&)> on_slice;
  int64_t spoil_from = INT64_MAX, spoil_to = INT64_MAX;  ///< losses of these steps are NaN
  std::vector<int64_t> previews;
  std::optional<LineScorer> line_scorer;
  bool finished = false;

 private:
  std::shared_ptr<torch::nn::LinearImpl> line_;
};

class Engine : public ::testing::Test {
 protected:
  Engine() { set_quiet(true); }
  TrainOutcome train(LineTask& task, const std::string& name = "run") const {
    RunDirectory run(directory_ / name, config_, false);
    return Trainer(task, run, config_.train, config_.optimizer, c10::kCPU).run();
  }
  std::vector<nlohmann::json> lines(const std::string& name = "run") const {
    std::ifstream file(directory_ / name / "metrics.jsonl");
    std::vector<nlohmann::json> found;
    for (std::string line; std::getline(file, line);) found.push_back(nlohmann::json::parse(line));
    return found;
  }
  std::string checkpoint(int64_t step, const std::string& name = "run") const {
    std::string bytes;
    for (const char* part : {"model", "ema-0.9", "training"})
      bytes += read_bytes(part_of(checkpoint_path(directory_ / name, step), part));
    return bytes;
  }
  TemporaryDirectory directory_;
  LineConfig config_;
};

}  // namespace uvic::testing

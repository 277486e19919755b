// The engine with a task that has nothing to do with images: a line through points.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>

#include <unistd.h>

#include <csignal>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/errors.h"
#include "core/log.h"
#include "core/random.h"
#include "core/signals.h"
#include "io/safetensors.h"
#include "recipe/layout.h"
#include "support/support.h"
#include "support/thread_world.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace uvic {
namespace {

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
Tensor line_losses(torch::nn::LinearImpl& line, uint64_t seed, const Slice& slice) {
  Tensor x = at::empty({slice.count, 1});
  for (int64_t i = 0; i < slice.count; ++i)
    x.data_ptr<float>()[i] = CounterRandom(seed, RandomStream::kNoise, uint64_t(slice.position(i))).uniform();
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
  Tensor losses(const Slice& slice) override {
    if (on_slice) on_slice(slice);
    const bool spoilt = slice.step >= spoil_from && slice.step < spoil_to;
    const double factor = spoilt ? std::numeric_limits<double>::quiet_NaN() : 1;
    return factor * line_losses(*line_, 1, slice);
  }
  double wait_seconds() const override { return 0; }
  Values step_values(const World&) override { return {{"slope", line_->weight.item<double>()}}; }
  bool can_validate() const override { return true; }
  Values validate(const World&) override {
    return {{"val_loss", line_losses(*line_, 2, {0, 0, 64, 64}).mean().item<double>()}};
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
      bytes += testing::read_bytes(part_of(checkpoint_path(directory_ / name, step), part));
    return bytes;
  }
  testing::TemporaryDirectory directory_;
  LineConfig config_;
};

TEST_F(Engine, TrainsLogsPreviewsAndSavesAnyTask) {
  LineTask task;
  EXPECT_EQ(train(task), TrainOutcome::kFinished);
  EXPECT_EQ(task.previews, (std::vector<int64_t>{3, 6}));
  EXPECT_TRUE(task.finished);
  const auto all = lines();
  ASSERT_EQ(all.size(), 4U);  // 2, 3 (validation alone), 4, 6
  EXPECT_EQ(all[0].at("points"), 16);
  for (const char* key : {"loss", "lr", "grad_norm", "points_per_second", "slope"})
    EXPECT_TRUE(all[0].contains(key)) << key;
  EXPECT_EQ(all[1].at("step"), 3);
  EXPECT_FALSE(all[1].contains("loss"));
  EXPECT_TRUE(all[3].contains("loss") && all[3].contains("val_loss") && all[3].contains("val_loss_ema"));
  EXPECT_LT(all[3].at("loss").get<double>(), all[0].at("loss").get<double>());
  EXPECT_EQ(
      load_safetensors_metadata(part_of(checkpoint_path(directory_ / "run", 6), "model")).at("uvic.step"),
      "6");
}

TEST_F(Engine, MicroBatchesAreSlicesInOrder) {
  config_.train.grad_accum = 4;
  config_.train.steps = 2;
  LineTask task;
  std::vector<Slice> seen;
  task.on_slice = [&](const Slice& slice) { seen.push_back(slice); };
  train(task);
  std::vector<Slice> expected;
  for (int64_t i = 0; i < 8; ++i) expected.push_back({i / 4, i % 4 * 2, 2, 8});
  EXPECT_EQ(seen, expected);
}

// So that TensorBoard, too, forgets what came after the checkpoint: Event { session_log { status: START } }.
TEST_F(Engine, AResumedRunDeclaresLaterEventsVoid) {
  const auto starts = [&] {
    int64_t count = 0;
    for (const auto& entry : fs::directory_iterator(directory_ / "run")) {
      if (!entry.path().filename().string().starts_with("events.")) continue;
      count += testing::read_bytes(entry).find("\x3a\x02\x08\x01") != std::string::npos;
    }
    return count;
  };
  LineTask task;
  train(task);
  EXPECT_EQ(starts(), 0);
  config_.train.steps = 8;
  sleep(1);  // event files are named by the second
  train(task);
  EXPECT_EQ(starts(), 1);
  fs::remove_all(directory_ / "run/checkpoints");  // as a run that was killed before its first
  sleep(1);
  train(task);
  EXPECT_EQ(starts(), 1);  // the files of before hold nothing that counts any more
}

// Ten steps of NaN whose weights are finite: the checkpoint after the last good step has these weights.
TEST_F(Engine, ARunThatDivergedKeepsACheckpointOfBeforeAsItsLatest) {
  config_.train.steps = 100;
  const fs::path run = directory_ / "run", good = checkpoint_path(run, 4), bad = checkpoint_path(run, 6);
  for (const std::string ending : {".diverged-1", ".diverged-2"}) {  // the same command comes to the same
    LineTask task;
    task.spoil_from = 6;
    EXPECT_THROW_WITH(
        train(task), std::runtime_error,
        "step 16: the loss or the gradient was not finite 10 steps in a row; moved its weights to " +
            bad.string() + ending + "; begin a new run with a lower optimizer.lr or with " +
            "train.grad_clip: another --out, and --init-from " + good.string() +
            " for the last good weights");
    EXPECT_EQ(latest_checkpoint(run), good);
  }
}

// Not while steps are skipped: these weights may be what is wrong.
TEST_F(Engine, ACheckpointThatIsDueAtASkippedStepWaitsForTheNextGoodOne) {
  LineTask task;
  task.spoil_from = 3;
  task.spoil_to = 4;
  EXPECT_EQ(train(task), TrainOutcome::kFinished);
  std::vector<std::string> names;
  for (const fs::path& checkpoint : checkpoints_of(directory_ / "run"))
    names.push_back(checkpoint.filename());
  EXPECT_EQ(names, (std::vector<std::string>{"step-00000006", "step-00000005", "step-00000002"}));
}

// In a process of its own, as the signal stays received.
TEST_F(Engine, ASignalDoesNotSaveWeightsThatAreNotFinite) {
  EXPECT_EXIT(
      {
        at::set_num_threads(1);
        install_signal_handlers();
        LineTask task;
        task.on_slice = [&](const Slice& slice) {
          if (slice.step != 3) return;
          const at::NoGradGuard no_grad;
          task.module()->parameters()[1].fill_(std::numeric_limits<float>::infinity());
          std::raise(SIGTERM);
        };
        try {
          train(task);
        } catch (const std::runtime_error& error) {
          std::fprintf(stderr, "%s\n", error.what());
          std::_Exit(1);
        }
        std::_Exit(0);
      },
      ::testing::ExitedWithCode(1), "step 4: bias of model.safetensors holds values that are not finite");
  EXPECT_EQ(latest_checkpoint(directory_ / "run"), checkpoint_path(directory_ / "run", 2));
}

TEST_F(Engine, AResumeOnOtherDataSaysWhatChangedAndStops) {
  LineTask task;
  train(task);
  config_.train.steps = 8;
  LineTask other;
  other.data = "other points";
  const std::string before = testing::read_bytes(directory_ / "run/metrics.jsonl");
  EXPECT_THROW_WITH(train(other), UsageError, "the data is not what it was: points then, other points now");
  EXPECT_EQ(testing::read_bytes(directory_ / "run/metrics.jsonl"), before);
  config_.train.allow_new_data = true;
  EXPECT_EQ(train(other), TrainOutcome::kFinished);
  // From now on these are its data.
  config_.train.allow_new_data = false;
  config_.train.steps = 10;
  EXPECT_THROW_WITH(train(task), UsageError, "other points then, points now");
}

TEST_F(Engine, ACosineThatWouldJumpIsRefused) {
  config_.optimizer.schedule = RateSchedule::kCosine;
  LineTask task;
  train(task);
  EXPECT_NO_THROW(RunDirectory(directory_ / "run", config_, false));
  config_.train.steps = 12;
  EXPECT_THROW_WITH(train(task), UsageError, "train.steps is 6 there and 12 here");
  EXPECT_THROW_WITH(train(task), UsageError, "would jump from 0 to 0.0");
  config_.optimizer.schedule = RateSchedule::kConstant;
  LineTask fresh;
  config_.train.steps = 6;
  train(fresh, "constant");
  config_.train.steps = 12;
  EXPECT_EQ(train(fresh, "constant"), TrainOutcome::kFinished);
}

// A file stands where the folder of checkpoints should be, as good as a full disk.
TEST_F(Engine, ACheckpointThatCannotBeWrittenIsTriedAgain) {
  const fs::path folder = directory_ / "run/checkpoints";
  LineTask task;
  task.on_slice = [&](const Slice& slice) {
    if (slice.step == 1) testing::write_bytes(folder, "");
    if (slice.step == 3) fs::remove(folder);
  };
  EXPECT_EQ(train(task), TrainOutcome::kFinished);
  EXPECT_FALSE(fs::exists(checkpoint_path(directory_ / "run", 2)));
  EXPECT_TRUE(fs::exists(checkpoint_path(directory_ / "run", 4)));
  EXPECT_TRUE(fs::exists(checkpoint_path(directory_ / "run", 6)));
}

TEST_F(Engine, ACheckpointThatCannotBeWrittenEndsTheRunWhereThatIsAskedFor) {
  LineTask task, last;
  const auto spoil = [&](const std::string& name, int64_t step) {
    return [=, this](const Slice& slice) {
      if (slice.step == step) testing::write_bytes(directory_ / name / "checkpoints", "");
    };
  };
  config_.train.checkpoint_interval = 6;
  last.on_slice = spoil("last", 5);  // after the last step in any case
  EXPECT_THROW_WITH(train(last, "last"), NotSaved, "step 6: no checkpoint: ");
  config_.train.checkpoint_interval = 2;
  config_.train.on_save_error = OnSaveError::kFail;
  task.on_slice = spoil("run", 1);
  EXPECT_THROW_WITH(train(task), NotSaved, "step 2: no checkpoint: ");
}

TEST_F(Engine, SomeCheckpointsStay) {
  config_.train.checkpoint_interval = 1;
  config_.train.keep = 1;
  config_.train.keep_every = 2;
  LineTask task;
  config_.train.steps = 5;
  train(task);
  std::vector<int64_t> steps;
  for (const fs::path& checkpoint : checkpoints_of(directory_ / "run"))
    steps.push_back(checkpoint_step(checkpoint.filename().string()));
  std::sort(steps.begin(), steps.end());
  EXPECT_EQ(steps, (std::vector<int64_t>{2, 4, 5}));
}

// Ranks, played by threads: each its part of the batch, of which gradients and loss are summed. They end with
// the weights of one process, whether each keeps all of the optimiser's state or its part.
TEST_F(Engine, RanksMakeOneBatch) {
  config_.train.grad_accum = 2;
  config_.train.grad_clip = 0.5;
  const auto train = [&](LineTask& task, const World& world) {
    task.build(7);
    return TrainState(task.module(), config_.train, config_.optimizer, c10::kCPU, world);
  };
  const auto weights = [](const TrainState& state) {
    std::vector<Tensor> parts;
    for (const auto& p : state.module->parameters()) parts.push_back(p.detach().flatten());
    const size_t own = parts.size();
    for (const auto& p : state.optimizer->moments().exp_avg_sqs) parts.push_back(p.flatten());
    if (parts.size() == own) parts.insert(parts.end(), own, Tensor());  // divided, and not of this rank
    return parts;
  };
  const auto six_steps = [](TrainState& state, LineTask& task) {
    std::vector<double> losses;
    for (int i = 0; i < 6; ++i)
      losses.push_back(state.train_step([&](const Slice& s) { return task.losses(s); }).loss);
    return losses;
  };
  LineTask alone_task;
  TrainState alone = train(alone_task, {});
  const auto losses = six_steps(alone, alone_task);
  const std::vector<Tensor> expected = weights(alone);
  std::mutex building;  // the generator of initial weights is the process's
  for (const bool shard : {false, true}) {
    config_.train.shard_optimizer = shard;
    for (const int ranks : {2, 4}) {
      testing::run_ranks(ranks, [&](const World& world) {
        LineTask task;
        std::optional<TrainState> state;
        {
          const std::lock_guard lock(building);
          state.emplace(train(task, world));
        }
        const auto seen = six_steps(*state, task);
        for (size_t i = 0; i < 6; ++i) EXPECT_NEAR(seen[i], losses[i], 1e-6 * losses[i]);
        const auto seen_weights = weights(*state);
        for (size_t i = 0; i < expected.size(); ++i) {
          if (seen_weights[i].defined()) {
            EXPECT_LT(testing::relative_error(seen_weights[i], expected[i]), 1e-6) << i;
          } else {
            EXPECT_TRUE(shard && !world.first());
          }
        }
      });
    }
  }
}

TEST_F(Engine, ABatchThatRanksCannotShareIsRefused) {
  config_.train.batch_size = 9;
  testing::run_ranks(2, [&](const World& world) {
    LineTask task;
    task.build(7);
    EXPECT_THROW_WITH(TrainState(task.module(), config_.train, config_.optimizer, c10::kCPU, world),
                      UsageError, "train.batch_size: 9 cannot be shared by 2 processes");
  });
}

// In a process of its own, as the signal stays received.
TEST_F(Engine, ASignalEndsTheStepSavesOnceAndResumesToTheSameBytes) {
  LineTask whole;
  train(whole, "whole");
  EXPECT_EXIT(
      {
        at::set_num_threads(1);  // the pool of threads did not survive the fork
        install_signal_handlers();
        LineTask task;
        task.on_slice = [](const Slice& slice) {
          if (slice.step == 2) std::raise(SIGTERM);
        };
        const bool right = train(task) == TrainOutcome::kInterrupted && task.previews.empty() &&
                           fs::exists(checkpoint_path(directory_ / "run", 3));
        std::_Exit(right ? 3 : 1);
      },
      ::testing::ExitedWithCode(3), "SIGTERM: saved .*step-00000003; the same command resumes");
  LineTask task;
  EXPECT_EQ(train(task), TrainOutcome::kFinished);
  EXPECT_EQ(checkpoint(6), checkpoint(6, "whole"));
}

// The run is over when its last score is there, not before: exit code 3, and the same command makes it.
TEST_F(Engine, ASignalDuringTheLastScoreLeavesItOwed) {
  config_.train.eval_interval = 4;
  EXPECT_EXIT(
      {
        at::set_num_threads(1);
        install_signal_handlers();
        LineTask task;
        task.line_scorer.emplace();
        task.line_scorer->on_start = [](int64_t step) {
          if (step == 6) std::raise(SIGINT);
        };
        std::_Exit(train(task) == TrainOutcome::kInterrupted ? 3 : 1);
      },
      ::testing::ExitedWithCode(3), "SIGINT: saved .*step-00000006; its score is still to come");
  EXPECT_TRUE(has_metric(directory_ / "run", 4, "score"));
  EXPECT_FALSE(has_metric(directory_ / "run", 6, "score"));
  LineTask task;
  task.line_scorer.emplace();
  {
    const RunDirectory run(directory_ / "run", config_, false);
    EXPECT_FALSE(is_finished(run, config_.train, task.scorer()));
  }
  EXPECT_EQ(train(task), TrainOutcome::kFinished);
  EXPECT_TRUE(has_metric(directory_ / "run", 6, "score"));
  const RunDirectory run(directory_ / "run", config_, false);
  EXPECT_TRUE(is_finished(run, config_.train, task.scorer()));
}

}  // namespace
}  // namespace uvic

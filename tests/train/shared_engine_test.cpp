// The engine where its batch is shared among ranks, and where a checkpoint cannot be written.
#include <algorithm>
#include <mutex>

#include "core/errors.h"
#include "support/thread_world.h"
#include "train/checkpoint.h"
#include "train/line_task.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using at::Tensor;
using testing::Engine;
using testing::LineTask;

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
      losses.push_back(state
                           .train_step({[&](const Slice& s) { return task.inputs(s); },
                                        [&](const auto& inputs) { return task.losses(inputs); }})
                           .loss);
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

}  // namespace
}  // namespace uvic

// TensorBoard's own reader on the events of the real uvic-train, killed on the way.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "recipe/layout.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;
using testing::TrainedRun;

constexpr auto kReader = R"python(
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1], size_guidance={"scalars": 0, "images": 0})
events.Reload()
tags = events.Tags()
print(json.dumps({
    "scalars": {tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in tags["scalars"]},
    "images": {tag: [[e.step, e.width] for e in events.Images(tag)] for tag in tags["images"]}}))
)python";

nlohmann::json read_events(const fs::path& directory, const TrainedRun& files) {
  testing::write_bytes(files / "read.py", kReader);
  const auto result =
      run(UVIC_TENSORBOARD_PYTHON " " + (files / "read.py").string() + " " + directory.string());
  TORCH_CHECK(result.code == 0, result.err);
  return nlohmann::json::parse(result.out);
}

TEST(TensorBoard, ReadsEachStepOnceAfterKills) {
  const TrainedRun files(false);
  const std::string train =
      files.train_command() +
      " --quiet --set train.steps=60 --set train.checkpoint_interval=12 --set "
      "train.sample_interval=30 --set data.val_fraction=0.25 --set train.val_interval=20";
  std::mt19937 random(testing::random_seed());
  int kills = 0;
  for (int attempt = 0; attempt < 20 && kills < 2; ++attempt) {
    const fs::path before = latest_checkpoint(files / "run");
    testing::Process process(train);
    while (process.running() && latest_checkpoint(files / "run") == before) testing::sleep_ms(2);
    testing::sleep_ms(std::uniform_int_distribution<int64_t>(0, 100)(random));
    process.send(SIGKILL);
    kills += process.wait().code == 128 + SIGKILL;
    read_events(files / "run", files);  // as a kill leaves them
    if (fs::exists(files / "run/checkpoints/step-00000060")) break;
  }
  EXPECT_GT(kills, 0);
  expect_ok(run(train));

  const auto events = read_events(files / "run", files);
  std::map<std::string, size_t> measured;
  std::ifstream lines(files / "run/metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    for (const auto& [name, value] : json.items()) {
      if (name == "step") continue;
      const auto& seen = events["scalars"]["train/" + name];
      const size_t place = measured[name]++;
      ASSERT_LT(place, seen.size()) << name;
      EXPECT_EQ(seen[place][0], json["step"]) << name;
      EXPECT_FLOAT_EQ(seen[place][1].get<float>(), value.get<float>()) << name << " of step " << json["step"];
    }
  }
  EXPECT_EQ(measured["loss"], 30);
  EXPECT_EQ(measured["val_loss"], 3);
  EXPECT_EQ(events["scalars"].size(), measured.size());
  for (const auto& [name, count] : measured)
    EXPECT_EQ(events["scalars"]["train/" + name].size(), count) << name;
  std::vector<int64_t> grids;
  for (const auto& grid : events["images"]["samples"]) grids.push_back(grid[0]);
  EXPECT_EQ(grids, (std::vector<int64_t>{30, 60}));
}

}  // namespace
}  // namespace uvic

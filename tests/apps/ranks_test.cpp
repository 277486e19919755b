// Several real processes of the programs, started by mpirun.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <random>

#include "io/npz.h"
#include "recipe/layout.h"
#include "support/dump_files.h"
#include "support/eval_files.h"
#include "support/extractors.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::ProcessResult;
using testing::run;
using testing::TrainedRun;

/// In front of a command: `ranks` of it. As root, on few cores, as tests may run.
std::string mpirun(int ranks) {
  return "env OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun -n " + std::to_string(ranks) +
         " --oversubscribe --bind-to none ";
}

const std::string kSteps =
    " --threads 1 --quiet --set train.batch_size=8 --set train.steps=20 --set train.log_interval=1"
    " --set train.sample_interval=10 --set train.checkpoint_interval=10";

std::vector<double> values(const fs::path& run_directory, const std::string& key) {
  std::ifstream lines(run_directory / "metrics.jsonl");
  std::vector<double> found;
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    if (json.contains(key)) found.push_back(json.at(key));
  }
  return found;
}

void expect_close(const std::vector<double>& a, const std::vector<double>& b, size_t count,
                  double tolerance) {
  ASSERT_EQ(a.size(), count);
  ASSERT_EQ(b.size(), count);
  for (size_t i = 0; i < count; ++i) EXPECT_NEAR(a[i], b[i], tolerance * std::abs(a[i])) << i;
}

std::string weights(const fs::path& run_directory, int64_t step = 20) {
  return testing::read_bytes(checkpoint_path(run_directory, step) / "model.safetensors");
}

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// The processes that train in a folder, by their command lines; not mpirun.
std::vector<pid_t> ranks_in(const fs::path& folder) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (!std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) continue;
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    std::string line((std::istreambuf_iterator<char>(file)), {});
    const std::string program = line.substr(0, line.find('\0'));
    if (program.ends_with("uvic-train") && line.find(folder.string() + '\0') != std::string::npos)
      found.push_back(std::stoi(name));
  }
  std::sort(found.begin(), found.end());
  return found;
}

TEST(Ranks, LossesAreThoseOfOneProcess) {
  const TrainedRun files(false);
  expect_ok(run(files.train_command("one") + kSteps));
  const auto alone = values(files / "one", "loss");
  for (const auto& [name, ranks, more] : {std::tuple("two", 2, ""), std::tuple("four", 4, ""),
                                          std::tuple("sharded", 2, " --set train.shard_optimizer=true"),
                                          std::tuple("rounds", 2, " --set train.grad_accum=2")}) {
    const auto result = run(mpirun(ranks) + files.train_command(name) + kSteps + more);
    expect_ok(result);
    EXPECT_EQ(count(result.err, "warning: "), 0U) << result.err;
    expect_close(alone, values(files / name, "loss"), 20, 1e-5);
    for (const char* key : {"val_loss", "grad_norm", "loss_t5"}) {
      const auto whole = values(files / "one", key);
      expect_close(whole, values(files / name, key), whole.size(), 1e-4);
    }
    EXPECT_TRUE(fs::exists(files / name / "samples/step-00000020.png"));
  }
}

TEST(Ranks, AnEvaluationIsOfAllTheirImages) {
  const TrainedRun files(false);
  const std::string evaluation =
      kSteps + " --set train.eval_interval=10 --set train.eval_images=7 --set train.eval_stats=" +
      testing::write_eval_stats(files / "stats.npz").string() +
      " --set train.eval_features=" + testing::plain_network(files / "plain.pt").string();
  expect_ok(run(files.train_command("one") + evaluation));
  expect_ok(run(mpirun(3) + files.train_command("three") + evaluation + " --set train.batch_size=9" +
                " --init-from " + (files / "one").string() + " --set train.steps=10"));
  expect_ok(run(mpirun(2) + files.train_command("two") + evaluation));
  expect_close(values(files / "one", "fid"), values(files / "two", "fid"), 2, 1e-3);
  EXPECT_EQ(values(files / "two", "fid_images"), (std::vector<double>{7, 7}));
  EXPECT_EQ(values(files / "three", "fid_images"), (std::vector<double>{7}));
}

TEST(Ranks, ARepeatIsEqualToTheBit) {
  const TrainedRun files(false);
  for (const char* name : {"a", "b"}) expect_ok(run(mpirun(2) + files.train_command(name) + kSteps));
  EXPECT_TRUE(weights(files / "a") == weights(files / "b"));
}

TEST(Ranks, AnotherNumberOfThemGoesOn) {
  const TrainedRun files(false);
  expect_ok(run(files.train_command("one") + kSteps));
  for (const auto& [name, first, second] :
       {std::tuple("more", 1, 2), std::tuple("fewer", 2, 1), std::tuple("sharded", 2, 4)}) {
    const std::string train =
        files.train_command(name) + kSteps + (first + second == 6 ? " --shard-optimizer" : "");
    expect_ok(run(mpirun(first) + train + " --set train.steps=10"));
    const auto result = run(mpirun(second) + train);
    expect_ok(result);
    EXPECT_NE(result.err.find("resuming with uvic.ranks " + std::to_string(second) + ", saved with " +
                              std::to_string(first)),
              std::string::npos)
        << result.err;
    expect_close(values(files / "one", "loss"), values(files / name, "loss"), 20, 1e-5);
  }
}

TEST(Ranks, WhatTheyDoNotHaveAlikeIsNamed) {
  const TrainedRun files(false);
  const std::string other = " --set optimizer.lr=0.5";
  const auto result =
      run(mpirun(1) + files.train_command() + kSteps + " : -n 1 " + files.train_command() + kSteps + other);
  EXPECT_EQ(result.code, 2) << result.err;
  EXPECT_NE(
      result.err.find("the processes differ in the configuration: lr: 0.01 on rank 0, lr: 0.5 on rank 1"),
      std::string::npos)
      << result.err;
  EXPECT_EQ(count(result.err, "error: "), 1U) << result.err;
  EXPECT_FALSE(fs::exists(files / "run/config.yaml"));

  expect_ok(run(files.train_command("a") + kSteps));
  expect_ok(run(files.train_command("b") + kSteps + " --seed 7"));
  const auto from = [&](const std::string& weights) {
    return files.train_command() + kSteps + " --init-from " + (files / weights).string();
  };
  const auto weights_differ = run(mpirun(1) + from("a") + " : -n 1 " + from("b"));
  EXPECT_EQ(weights_differ.code, 2) << weights_differ.err;
  EXPECT_NE(weights_differ.err.find("the processes differ in the weights (SHA-256): "), std::string::npos)
      << weights_differ.err;

  fs::create_directories(files / "elsewhere/data");
  testing::write_set(files / "elsewhere/data", 28, 8, 8, 4);
  const std::string here = files.train_command("third") + kSteps + " --set data.path=data";
  const auto data_differ = run(mpirun(1) + "-wdir " + (files / "").string() + " " + here + " : -n 1 -wdir " +
                               (files / "elsewhere").string() + " " + here);
  EXPECT_EQ(data_differ.code, 2) << data_differ.err;
  EXPECT_NE(data_differ.err.find("the processes differ in the data: "), std::string::npos) << data_differ.err;
  EXPECT_NE(data_differ.err.find("28 images"), std::string::npos) << data_differ.err;
}

TEST(Ranks, BadInputIsOneLineOfAll) {
  const TrainedRun files(false);
  for (const auto& [more, text] :
       {std::pair(" --set data.path=/nowhere", "/nowhere"),
        std::pair(" --set train.batch_size=7", "train.batch_size: 7 cannot be shared"),
        std::pair(" --ab model.depth=2,4", "--ab: trains one run after the other")}) {
    const auto result = run(mpirun(2) + files.train_command() + " --threads 1 --quiet" + more);
    EXPECT_EQ(result.code, 2) << result.err;
    EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
    EXPECT_EQ(count(result.err, "error: "), 1U) << result.err;
    EXPECT_FALSE(fs::exists(files / "run")) << more;
  }
}

const std::string kLong = kSteps + " --set train.steps=200 --set train.sample_interval=0";

TEST(Ranks, ASignalToOneStopsAllAtTheSameStep) {
  const TrainedRun files(false);
  expect_ok(run(mpirun(2) + files.train_command("whole") + kLong));
  testing::Process process(mpirun(2) + files.train_command("stopped") + kLong);
  while (process.running() && !fs::exists(checkpoint_path(files / "stopped", 10))) testing::sleep_ms(10);
  const auto pids = ranks_in(files / "stopped");
  ASSERT_EQ(pids.size(), 2U);
  kill(pids[1], SIGTERM);
  const auto result = process.wait();
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_NE(result.err.find("SIGTERM: saved "), std::string::npos) << result.err;
  expect_ok(run(mpirun(2) + files.train_command("stopped") + kLong));
  EXPECT_TRUE(weights(files / "whole", 200) == weights(files / "stopped", 200));
}

// Either of two, at random moments from the start on; mpirun ends the other.
TEST(Ranks, KilledOnesEndAllAndTheRunGoesOn) {
  const TrainedRun files(false);
  const auto began = std::chrono::steady_clock::now();
  expect_ok(run(mpirun(2) + files.train_command("whole") + kLong));
  const auto whole = std::chrono::steady_clock::now() - began;
  std::mt19937 random(testing::random_seed());
  int kills = 0;
  for (int attempt = 0; attempt < 12 && kills < 5; ++attempt) {
    testing::Process process(mpirun(2) + files.train_command("killed") + kLong);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(whole).count();
    testing::sleep_ms(std::uniform_int_distribution<int64_t>(ms / 4, 3 * ms / 4)(random));
    const auto pids = ranks_in(files / "killed");
    if (pids.size() != 2) {  // it has ended, or only just begins
      process.wait();
      fs::remove_all(files / "killed");
      continue;
    }
    const auto killed = std::chrono::steady_clock::now();
    kill(pids[random() % 2], SIGKILL);
    kills += process.wait().code != 0;
    EXPECT_LT(std::chrono::steady_clock::now() - killed, std::chrono::seconds(60));
    if (fs::exists(checkpoint_path(files / "killed", 200)) && kills < 5) fs::remove_all(files / "killed");
  }
  EXPECT_GE(kills, 3);
  expect_ok(run(mpirun(2) + files.train_command("killed") + kLong));
  EXPECT_TRUE(weights(files / "whole", 200) == weights(files / "killed", 200));
}

TEST(Ranks, AHangingOneIsNamedWithinAMinute) {
  const TrainedRun files(false);
  testing::Process process(mpirun(2) + files.train_command() + kSteps +
                           " --set train.steps=100000 --set train.sample_interval=0");
  while (process.running() && !fs::exists(checkpoint_path(files / "run", 10))) testing::sleep_ms(20);
  const auto pids = ranks_in(files / "run");
  ASSERT_EQ(pids.size(), 2U);
  kill(pids[1], SIGSTOP);
  const auto stopped = std::chrono::steady_clock::now();
  const auto result = process.wait();
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, std::chrono::seconds(60));
  EXPECT_NE(result.code, 0);
  EXPECT_NE(result.err.find("process " + std::to_string(pids[1]) + ") has given no sign of life"),
            std::string::npos)
      << result.err;
  kill(pids[1], SIGKILL);
}

TEST(Ranks, OnCpusTorchrunsProcessesAreToldOfMpirun) {
  const TrainedRun files(false);
  testing::expect_usage_error(
      "env RANK=0 WORLD_SIZE=2 LOCAL_RANK=0 MASTER_ADDR=localhost MASTER_PORT=29501 " + files.train_command(),
      "torchrun started 2 processes (WORLD_SIZE=2), which would compute on cpu: on CPUs they speak MPI; "
      "start them by mpirun");
}

TEST(Ranks, ADumpIsOneFileOfAll) {
  const testing::DumpFiles files;
  expect_ok(run(files.dump("one.zip", "--num 20")));
  expect_ok(run(mpirun(2) + files.dump("two.zip", "--num 20")));
  EXPECT_TRUE(files.contents("one.zip") == files.contents("two.zip"));
  for (int again = 0; again < 2; ++again) expect_ok(run(mpirun(2) + files.dump("folder", "--num 20")));
  for (const char* shard : {"two.shard-0-of-2.zip", "two.shard-1-of-2.zip",
                            "two.shard-0-of-2.zip.manifest.json", "folder.shard-0-of-2"})
    EXPECT_FALSE(fs::exists(files.path(shard))) << shard;
  EXPECT_TRUE(fs::exists(files.path("folder") + "/000019.png"));
  // As torchrun starts them: they meet at a store alone.
  const std::string place = " MASTER_ADDR=localhost MASTER_PORT=29507 ";
  testing::Process first("env RANK=0 WORLD_SIZE=2" + place + files.dump("three.zip", "--num 20"));
  testing::Process second("env RANK=1 WORLD_SIZE=2" + place + files.dump("three.zip", "--num 20"));
  expect_ok(first.wait());
  expect_ok(second.wait());
  EXPECT_TRUE(files.contents("one.zip") == files.contents("three.zip"));
}

TEST(Ranks, StatisticsAreThoseOfOneProcess) {
  const testing::DumpFiles files;
  expect_ok(run(files.dump("d", "--num 33")));
  const std::string network = testing::script_network(
      files.path("n.pt"), "def forward(self, x):\n  return x.flatten(1)[:, 60:68].float()\n");
  const auto stats = [&](const std::string& out) {
    return "uvic-fid stats " + files.path("d") +
           " --device cpu --threads 1 --quiet --save-features --features " + network + " --out " +
           files.path(out);
  };
  expect_ok(run(stats("one.npz")));
  expect_ok(run(mpirun(3) + stats("three.npz")));
  const auto one = load_npz(files.path("one.npz")), three = load_npz(files.path("three.npz"));
  EXPECT_TRUE(at::equal(one.at("arr_0"), three.at("arr_0")));
  const std::string score = "uvic-fid score " + files.path("d") + " " + files.path("one.npz") +
                            " --device cpu --threads 1 --quiet --json --features " + network;
  const auto scores = [](const std::string& command) { return nlohmann::json::parse(run(command).out); };
  const auto whole = scores(score), shared = scores(mpirun(2) + score);
  EXPECT_EQ(shared.at("num_images"), 33);
  EXPECT_NEAR(shared.at("fid").get<double>(), whole.at("fid").get<double>(), 1e-6);
  // A file that is no image counts once, whoever finds it.
  fs::copy(files.path("d"), files.path("odd"));
  fs::remove(files.path("odd") + "/manifest.json");
  testing::write_bytes(files.path("odd") + "/text.png", "no image");
  const std::string odd = "uvic-fid score " + files.path("odd") + " " + files.path("one.npz") +
                          " --device cpu --threads 1 --quiet --json --on-error skip --features " + network;
  for (const std::string& launcher : {std::string(), mpirun(2)}) {
    const auto result = scores(launcher + odd);
    EXPECT_EQ(result.at("num_images"), 33);
    EXPECT_EQ(result.at("left_out"), 1);
  }
  for (const char* key : {"mu", "sigma"})
    EXPECT_LT(testing::relative_error(three.at(key), one.at(key)), 1e-12);
}

}  // namespace
}  // namespace uvic

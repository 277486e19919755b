// Folders that a run cannot write in, data that vanishes while it trains: one clear line and an exit code.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>

#include "support/folder_set.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::run;
using testing::TrainedRun;

/// `command` as somebody whom permissions bind, which they do not do with root.
std::string bound(const std::string& command) {
  const std::string unbound = "--bounding-set=-dac_override,-dac_read_search ";
  return (geteuid() == 0 ? "setpriv " + unbound : "") + command;
}

void expect_one_error(const testing::ProcessResult& result, int code, const std::string& text) {
  EXPECT_EQ(result.code, code) << result.err;
  std::istringstream lines(result.err);
  int errors = 0;
  for (std::string line; std::getline(lines, line);) errors += line.starts_with("error: ");
  EXPECT_EQ(errors, 1) << result.err;
  EXPECT_NE(result.err.find(text), std::string::npos) << result.err;
}

TEST(Unwritable, AMissingParentIsMade) {
  const TrainedRun files(false);
  testing::expect_ok(run(files.train_command("some/where/else") + " --quiet"));
  EXPECT_TRUE(fs::exists(files / "some/where/else/checkpoints/step-00000006"));
}

TEST(Unwritable, AFolderOfSomebodyElseIsRefusedBeforeTraining) {
  const TrainedRun files(false);
  const fs::path closed = files / "closed";
  fs::create_directory(closed);
  fs::permissions(closed, fs::perms::owner_read | fs::perms::owner_exec);
  const std::string said = "cannot write in " + closed.string() + ": Permission denied";
  expect_one_error(run(bound(files.train_command("closed/run"))), 2, said);
  expect_one_error(run(bound(files.train_command("closed"))), 2, said);
  expect_one_error(run(bound(files.train_command("closed/run")) + " --dry-run"), 2, said);
  EXPECT_TRUE(fs::is_empty(closed));
}

TEST(Unwritable, ACheckpointThatMayNotBeReadIsNamed) {
  const TrainedRun files;
  const fs::path newest = files / "run/checkpoints/step-00000006/training.safetensors";
  fs::permissions(newest, fs::perms::none);
  const auto result = run(bound(files.train_command()) + " --steps 8");
  EXPECT_NE(result.err.find(newest.string() + ": cannot read this file: Permission denied"),
            std::string::npos)
      << result.err;
}

TEST(Unwritable, AReadOnlyFileSystemIsRefusedBeforeTraining) {
  const TrainedRun files(false);
  const fs::path disk = files / "disk";
  fs::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", MS_RDONLY, nullptr) != 0)
    GTEST_SKIP() << "this user may not mount a file system: " << std::strerror(errno);
  const auto result = run(files.train_command("disk/run"));
  EXPECT_EQ(umount(disk.c_str()), 0);
  expect_one_error(result, 2, "cannot write in " + disk.string() + ": Read-only file system");
}

// The last checkpoint that could be written stays, and a run whose last one cannot be has failed.
TEST(Unwritable, ARunThatLosesItsFolderFails) {
  const TrainedRun files;
  const fs::path checkpoints = files / "run/checkpoints";
  fs::permissions(checkpoints, fs::perms::owner_read | fs::perms::owner_exec);
  const auto result = run(bound(files.train_command()) + " --quiet --steps 9");
  fs::permissions(checkpoints, fs::perms::owner_all);
  expect_one_error(result, 1, checkpoints.string());
  EXPECT_TRUE(fs::exists(checkpoints / "step-00000006"));
  testing::expect_ok(run(files.train_command() + " --quiet --steps 9"));
}

TEST(Unwritable, DataThatVanishesIsNamed) {
  const TrainedRun files(false);
  const fs::path images = testing::write_folder_set(files / "images");
  testing::Process process(files.train_command() +
                           " --set data.kind=folder --set data.path=" + images.string() +
                           " --set data.cache=never --set model.in_chans=3 --set train.steps=1000000" +
                           " --set train.sample_interval=0 --set data.random_flip=false");
  while (process.running() && !fs::exists(files / "run/metrics.jsonl")) testing::sleep_ms(20);
  fs::remove_all(images / "b");
  const auto result = process.wait();
  expect_one_error(result, 2, (images / "b").string());
  EXPECT_NE(result.err.find("No such file or directory"), std::string::npos) << result.err;
}

}  // namespace
}  // namespace uvic

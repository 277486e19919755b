// Dumps killed by SIGKILL at random moments, in every format, end equal to uninterrupted ones.
#include <gtest/gtest.h>

#include <random>

#include "support/dump_files.h"

namespace uvic {
namespace {

using testing::expect_ok;
using testing::run;

struct KillCase {
  std::string name, format;
  int kills;
};

class DumpKill : public ::testing::TestWithParam<KillCase> {};

TEST_P(DumpKill, RandomKillsChangeNothing) {
  const testing::DumpFiles files;
  const auto& [name, format, wanted] = GetParam();
  const std::string options = "--num 400 --encoders 2 --format " + format;
  const auto started = std::chrono::steady_clock::now();
  expect_ok(run(files.dump("whole" + name, options)));
  const auto whole_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started)
          .count();
  const auto whole = files.contents("whole" + name);

  std::mt19937 random(testing::random_seed());
  const std::string killed = "killed" + name;
  int kills = 0, finished = 0;
  for (int attempt = 0; attempt < 80 && kills < wanted; ++attempt) {
    testing::Process process(files.dump(killed, options));
    testing::sleep_ms(std::uniform_int_distribution<int64_t>(whole_ms / 4, whole_ms)(random));
    process.send(SIGKILL);
    const int code = process.wait().code;
    kills += code == 128 + SIGKILL;
    if (code == 0) {  // done after some kills: compare, and start over
      ++finished;
      EXPECT_TRUE(files.contents(killed) == whole);
      files.remove(killed);
    }
  }
  EXPECT_EQ(kills, wanted);
  expect_ok(run(files.dump(killed, options)));
  EXPECT_TRUE(files.contents(killed) == whole) << finished << " finished before";
}

// Folders of a thousand are the flat folder's code but for their names.
INSTANTIATE_TEST_SUITE_P(Formats, DumpKill,
                         ::testing::Values(KillCase{"", "png", 20}, KillCase{"-s", "subdirs", 5},
                                           KillCase{".zip", "zip", 20}, KillCase{".npz", "npz", 20}),
                         [](const auto& info) { return info.param.format; });

}  // namespace
}  // namespace uvic

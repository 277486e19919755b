// Dumps killed by SIGKILL at random moments, in every format, end equal to uninterrupted ones.
#include <gtest/gtest.h>

#include <random>

#include "support/dump_files.h"

namespace uvic {
namespace {

using testing::expect_ok;
using testing::run;

class DumpKill : public ::testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(DumpKill, TwentyRandomKillsChangeNothing) {
  const testing::DumpFiles files;
  const auto& [name, format] = GetParam();
  const std::string options = "--num 400 --encoders 2 --format " + format;
  const auto started = std::chrono::steady_clock::now();
  expect_ok(run(files.dump("whole" + name, options)));
  const auto whole_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started)
          .count();
  const auto whole = files.contents("whole" + name);

  std::mt19937 random(std::random_device{}());
  const std::string killed = "killed" + name;
  int kills = 0, finished = 0;
  for (int attempt = 0; attempt < 80 && kills < 20; ++attempt) {
    testing::Process process(files.dump(killed, options));
    testing::sleep_ms(std::uniform_int_distribution<int64_t>(whole_ms / 4, whole_ms)(random));
    process.send(SIGKILL);
    const int code = process.wait().code;
    kills += code == 128 + SIGKILL;
    if (code == 0) {  // done after some kills: compare, and start over
      ++finished;
      EXPECT_EQ(files.contents(killed), whole);
      files.remove(killed);
    }
  }
  EXPECT_EQ(kills, 20);
  expect_ok(run(files.dump(killed, options)));
  EXPECT_EQ(files.contents(killed), whole) << finished << " finished before";
}

INSTANTIATE_TEST_SUITE_P(Formats, DumpKill,
                         ::testing::Values(std::pair{"", "png"}, std::pair{"-s", "subdirs"},
                                           std::pair{".zip", "zip"}, std::pair{".npz", "npz"}),
                         [](const auto& info) { return info.param.second; });

}  // namespace
}  // namespace uvic

#include "core/progress.h"

#include <gtest/gtest.h>

#include "core/log.h"

namespace uvic {
namespace {

using std::chrono::milliseconds;

/// What a job of three updates writes where stderr is no terminal.
std::string written(ProgressBar::PlainLines lines, bool quiet) {
  set_quiet(quiet);
  ::testing::internal::CaptureStderr();
  {
    ProgressBar bar("sampling", "steps", 30, 0, lines);
    bar.update(10, "a");
    bar.update(20, "b");
    bar.update(30);
  }
  set_quiet(false);
  return ::testing::internal::GetCapturedStderr();
}

TEST(ProgressBar, WritesPlainLinesOffATerminalWhenItIsTime) {
  EXPECT_EQ(written({milliseconds(0), milliseconds(0)}, false),
            "sampling: 10/30 steps, 0:00 left  a\nsampling: 20/30 steps, 0:00 left  b\nsampling: 30/30 "
            "steps, 0:00\n");
  EXPECT_EQ(written({milliseconds(0), std::chrono::minutes(1)}, false),
            "sampling: 10/30 steps, 0:00 left  a\n");
  EXPECT_EQ(written({}, false), "");
  EXPECT_EQ(written({milliseconds(0), milliseconds(0)}, true), "");
}

}  // namespace
}  // namespace uvic

// metrics.jsonl while it is being written, and after accidents.
#include "report/metrics_file.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/support.h"

namespace uvic {
namespace {

RunMetrics metrics_of(const std::string& lines) {
  const testing::TemporaryDirectory directory;
  testing::write_bytes(directory / "metrics.jsonl", lines);
  return read_metrics(directory.path());
}

TEST(MetricsFile, PassesOverALineThatIsBeingWritten) {
  const RunMetrics metrics = metrics_of("{\"step\":1,\"loss\":2}\n{\"step\":2,\"loss\":1}\n{\"step\":3,\"lo");
  EXPECT_EQ(metrics.lines, 2);
  EXPECT_EQ(metrics.unreadable, 0);
  EXPECT_EQ(metrics.last_step, 2);
  EXPECT_EQ(metrics.find("loss")->points(), (std::vector<Point>{{1, 2}, {2, 1}}));
}

TEST(MetricsFile, CountsWhatIsNoLineOfIt) {
  const RunMetrics metrics = metrics_of(
      "{\"step\":1,\"loss\":null}\n\nnonsense\n[1]\n{\"loss\":1}\n{\"step\":4,\"loss\":5,\"who\":\"me\"}\n");
  EXPECT_EQ(metrics.lines, 2);
  EXPECT_EQ(metrics.unreadable, 3);
  EXPECT_EQ(metrics.find("loss")->not_finite(), 1);
  EXPECT_EQ(metrics.find("loss")->size(), 1);
  EXPECT_EQ(metrics.find("who"), nullptr);
}

TEST(MetricsFile, ScoresInLinesOfTheirOwnAreCurvesToo) {
  const RunMetrics metrics =
      metrics_of("{\"step\":10,\"loss\":2}\n{\"step\":20,\"loss\":1}\n{\"step\":10,\"fid\":30}\n");
  EXPECT_EQ(metrics.last_step, 20);
  EXPECT_EQ(metrics.find("fid")->points(), (std::vector<Point>{{10, 30}}));
}

TEST(MetricsFile, NothingMeasuredIsNothingToReport) {
  const testing::TemporaryDirectory directory;
  EXPECT_THROW_WITH(read_metrics(directory.path()), UsageError, "nothing to report");
  EXPECT_THROW_WITH(metrics_of("{\"st"), UsageError, "holds no measurements yet");
}

}  // namespace
}  // namespace uvic

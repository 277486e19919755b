// uvic-report on a run of the real uvic-train.
#include <gtest/gtest.h>

#include "apps/option_effects.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::expect_usage_error;
using testing::run;
using testing::TrainedRun;

const TrainedRun& files() {
  static const TrainedRun files;
  return files;
}
std::string trained() {
  return (files() / "run").string();
}
bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A copy of the run with its metrics as a kill may leave them.
std::string copy_with_metrics(const std::string& name, const std::string& metrics) {
  fs::remove_all(files() / name);
  fs::create_directories(files() / name);
  fs::copy_file(files() / "run/config.yaml", files() / name / "config.yaml");
  testing::write_bytes(files() / name / "metrics.jsonl", metrics);
  return (files() / name).string();
}

TEST(Report, HasCurvesGridsFactsAndCommands) {
  expect_ok(run("uvic-report " + trained()));
  const std::string page = testing::read_bytes(files() / "run/report.html");
  for (const char* part :
       {"<h3>Loss</h3>", "<h3>Loss by noise level</h3>", "<h3>Learning rate</h3>",
        "<path class=\"points\" d=\"M", "data:image/png;base64,iVBORw0KGgo", "data-step=\"3\"",
        "data-step=\"6\"", "Finished", "24 of 1 × 8 × 8", "<dt>CPU capability</dt>", "<dt>Machine</dt>",
        "model.embed_dim", "uvic-sample --checkpoint", "uvic-fid dump --checkpoint",
        "uvic-inspect --checkpoint", "--class-per-row --grid 4x8"}) {
    EXPECT_TRUE(holds(page, part)) << part;
  }
}

// What it says may follow, follows.
TEST(Report, ItsCommandToSampleWorks) {
  const std::string page = (files() / "p.html").string();
  expect_ok(run("uvic-report --quiet " + trained() + " --out " + page));
  const std::string text = testing::read_bytes(page);
  const size_t begin = text.find("uvic-sample --checkpoint"), end = text.find("</code>", begin);
  expect_ok(run(text.substr(begin, end - begin) + " --device cpu --threads 2 --quiet"));
  EXPECT_TRUE(fs::exists(files() / "run/grid.png"));
}

TEST(Report, ComparesRuns) {
  const std::string metrics = testing::read_bytes(files() / "run/metrics.jsonl");
  const std::string other = copy_with_metrics("other", metrics + "{\"step\":7,\"lo");
  expect_ok(run("uvic-report --quiet --compare " + trained() + " " + other));
  EXPECT_TRUE(holds(testing::read_bytes(files() / "run/compare.html"), "the same, key by key"));
  expect_ok(run("uvic-report --quiet " + other + " --compare " + trained() + " --out " +
                (files() / "c.html").string()));
  EXPECT_TRUE(holds(testing::read_bytes(files() / "c.html"), "<title>other, run"));
}

TEST(Report, GoesWithOldRunsAndWatchesAFinishedOneOnce) {
  const std::string old = copy_with_metrics("old", "{\"step\":1,\"loss\":2}\n");
  expect_ok(run("uvic-report --quiet " + old));
  EXPECT_TRUE(holds(testing::read_bytes(files() / "old/report.html"), "Known with the first checkpoint"));
  expect_ok(run("uvic-report --quiet --watch 600 " + trained()));
  EXPECT_FALSE(holds(testing::read_bytes(files() / "run/report.html"), "http-equiv=\"refresh\""));
}

TEST(Report, EveryOption) {
  const std::string other = copy_with_metrics("another", "{\"step\":1,\"loss\":2}\n");
  const fs::path folder = files() / "o";
  using enum testing::Effect;
  testing::expect_effects("uvic-report " + trained() + " --out " + (folder / "o.html").string(), folder,
                          "uvic-report --help",
                          {{"--version", ""},
                           {"--compare", other},
                           {"--grids", "1"},
                           {"--watch", "0", kRefusal, "", "--watch: Value 0 not in range"},
                           {"--quiet", ""}});
}

TEST(Report, RefusesWhatIsNoRun) {
  expect_usage_error("uvic-report", "give a run directory");
  expect_usage_error("uvic-report " + (files() / "data").string(), "so it is not a run directory");
  expect_usage_error("uvic-report /nowhere", "/nowhere: there is no such folder");
  expect_usage_error("uvic-report " + copy_with_metrics("empty", ""), "holds no measurements yet");
  expect_usage_error("uvic-report " + trained() + " --out /nowhere/x.html", "--out /nowhere/x.html");
  expect_usage_error("uvic-report " + trained() + " --out x.pdf", "--out x.pdf");
  expect_usage_error("uvic-report --compare " + trained(), "has nothing to be compared with");
}

}  // namespace
}  // namespace uvic

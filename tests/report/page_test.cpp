// The page: what comes from files is escaped, and what it offers.
#include "report/page.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/base64.h"
#include "report/commands.h"
#include "report/render.h"
#include "support/support.h"

namespace uvic {
namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

RunFacts run_of(const testing::TemporaryDirectory& directory, const std::string& name,
                const std::string& yaml) {
  const auto run = directory / name;
  std::filesystem::create_directories(run);
  testing::write_bytes(run / "config.yaml", yaml);
  testing::write_bytes(run / "metrics.jsonl",
                       "{\"step\":1,\"loss\":2,\"</script>\":4}\n{\"step\":2,\"loss\":1}\n");
  return read_run(run);
}

TEST(Page, EscapesWhatComesFromFiles) {
  const testing::TemporaryDirectory directory;
  const RunFacts run =
      run_of(directory, "<b>&", "data:\n  path: \"<img src=x onerror=alert(1)>{{{script}}}\"\n");
  const std::string page = report_page(run, {});
  EXPECT_FALSE(holds(page, "<img src=x")) << "a path became an element";
  EXPECT_TRUE(holds(page, "&lt;img src=x"));
  EXPECT_TRUE(holds(page, "&lt;b&gt;&amp;"));
  EXPECT_TRUE(holds(page, "{{{script}}}")) << "what is filled in is no template";
  EXPECT_FALSE(holds(page, "\"</script>")) << "a metric's name ended the script";
  EXPECT_FALSE(holds(page, "http:")) << "it must need nothing from elsewhere";
  EXPECT_FALSE(holds(page, "https:"));
}

TEST(Page, AComparisonHasALineForEachRunAndTheKeysThatDiffer) {
  const testing::TemporaryDirectory directory;
  const std::vector<RunFacts> runs = {run_of(directory, "a", "train:\n  steps: 5\n  seed: 1\n"),
                                      run_of(directory, "b", "train:\n  steps: 7\n  seed: 1\n")};
  const std::string page = comparison_page(runs, {});
  EXPECT_TRUE(holds(page, ">train.steps</th><td>5</td><td>7</td>"));
  EXPECT_FALSE(holds(page, "train.seed"));
  EXPECT_TRUE(holds(page, "<g class=\"c0\">") && holds(page, "<g class=\"c1\">"));
  EXPECT_TRUE(holds(comparison_page({runs[0], runs[0]}, {}), "the same, key by key"));
}

TEST(Page, ReloadsOnlyIfAsked) {
  const testing::TemporaryDirectory directory;
  const RunFacts run = run_of(directory, "a", "train:\n  steps: 5\n");
  EXPECT_FALSE(holds(report_page(run, {}), "http-equiv=\"refresh\""));
  EXPECT_TRUE(holds(report_page(run, {.reload_seconds = 30}), "http-equiv=\"refresh\" content=\"30\""));
}

TEST(Page, OfManyGridsTheFirstAndTheLastStay) {
  EXPECT_EQ(spread(3, 24), (std::vector<size_t>{0, 1, 2}));
  EXPECT_EQ(spread(100, 4), (std::vector<size_t>{0, 33, 66, 99}));
  EXPECT_EQ(spread(5, 1), (std::vector<size_t>{4}));
  EXPECT_TRUE(spread(0, 4).empty());
}

TEST(Page, CommandsQuoteWhatAShellWouldTakeApart) {
  EXPECT_EQ(shell_word("runs/x-1_2.pack"), "runs/x-1_2.pack");
  EXPECT_EQ(shell_word("my runs/it's"), "'my runs/it'\\''s'");
  EXPECT_EQ(shell_word("$(rm -r x)"), "'$(rm -r x)'");
  EXPECT_EQ(shell_word(""), "''");
  const testing::TemporaryDirectory directory;
  const RunFacts run = run_of(directory, "a b", "train:\n  steps: 5\n");
  const auto commands = next_commands(run);
  ASSERT_EQ(commands.size(), 1);  // no checkpoint: there is nothing to sample from
  EXPECT_TRUE(holds(commands[0].line, "a b/config.yaml' --out '")) << commands[0].line;
}

TEST(Page, IsOfRunDirectoriesOnly) {
  const testing::TemporaryDirectory directory;
  EXPECT_THROW_WITH(read_run(directory.path()), UsageError, "so it is not a run directory");
  EXPECT_THROW_WITH(read_run(directory / "none"), UsageError, "there is no such folder");
}

TEST(Base64, AsRfc4648HasIt) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64(std::string(4 << 20, '\xff')), [] {
    std::string text;
    for (size_t i = 0; i < (4 << 20) / 3; ++i) text += "////";
    return text + "/w==";
  }());
}

}  // namespace
}  // namespace uvic

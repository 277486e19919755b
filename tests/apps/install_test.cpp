// `cmake --install` gives a tree that runs from elsewhere, and find_package(uvic) works from a small project.
#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;

TEST(Install, RunsFromElsewhereAndServesAConsumer) {
  const testing::TemporaryDirectory directory;
  const std::string cmake = UVIC_CMAKE, build = UVIC_BUILD;
  const std::string first = (directory / "first").string(), moved = (directory / "moved").string();
  expect_ok(run(cmake + " --install " + build + " --prefix " + first));
  fs::rename(first, moved);
  const auto version = run("env -i " + moved + "/bin/uvic-train --version");
  expect_ok(version);
  EXPECT_NE(version.out.find("uvic-train"), std::string::npos);
  for (const char* file : {"uvic/configs/fashion_mnist_demo.yaml", "man/man1/uvic-sample.1",
                           "bash-completion/completions/uvic-fid", "zsh/site-functions/_uvic-report"}) {
    EXPECT_TRUE(fs::exists(moved + "/share/" + file)) << file;
  }

  const std::string source = UVIC_SOURCE "/tests/apps/consumer";
  const std::string consumer = (directory / "consumer").string();
  expect_ok(run(cmake + " -S " + source + " -B " + consumer +
                " -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH=" + moved));
  expect_ok(run(cmake + " --build " + consumer));
  // Its ten lines load weights that ship and draw the picture that uvic-sample draws of the same seeds.
  const std::string weights = UVIC_SOURCE "/assets/fashion_mnist_cog_patch4.safetensors";
  const std::string own = (directory / "own.png").string(), theirs = (directory / "theirs.png").string();
  expect_ok(run(consumer + "/consumer " + weights + " " + own));
  expect_ok(run("env -i " + moved + "/bin/uvic-sample --quiet --checkpoint " + weights +
                " --seeds 0-3 --batch 4 --grid 2x2 --out " + theirs));
  const cv::Mat drawn = cv::imread(own, cv::IMREAD_UNCHANGED);
  ASSERT_EQ(drawn.size(), cv::Size(62, 62));
  EXPECT_EQ(cv::norm(drawn, cv::imread(theirs, cv::IMREAD_UNCHANGED), cv::NORM_INF), 0);
}

}  // namespace
}  // namespace uvic

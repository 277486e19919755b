// `cmake --install` gives a tree that runs from elsewhere, and find_package(uvic) works from a small project.
#include <gtest/gtest.h>

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
  EXPECT_TRUE(fs::exists(moved + "/share/uvic/configs/fashion_mnist_demo.yaml"));

  const std::string source = UVIC_SOURCE "/tests/apps/consumer";
  const std::string consumer = (directory / "consumer").string();
  expect_ok(run(cmake + " -S " + source + " -B " + consumer +
                " -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH=" + moved));
  expect_ok(run(cmake + " --build " + consumer));
  const auto result = run(consumer + "/consumer");
  expect_ok(result);
  EXPECT_EQ(result.out, "[1, 1, 8, 8]\n");
}

}  // namespace
}  // namespace uvic

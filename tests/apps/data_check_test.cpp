// `uvic-data check` from the shell.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "support/archive_files.h"
#include "support/image_files.h"
#include "support/process.h"

namespace uvic {
namespace {

using testing::run;

TEST(DataCheck, TellsOfWhatItFindsAndExitsWell) {
  const testing::TemporaryDirectory directory;
  for (int i = 0; i < 8; ++i)
    testing::write_image(directory / "set" / (std::to_string(i) + ".png"), testing::picture(8, 8, i % 7));
  testing::write_bytes(directory / "set/x.png", "no picture");
  const std::string set = (directory / "set").string(), json = (directory / "report.json").string();
  const auto result = run("uvic-data check " + set + " --image-size 8 --json " + json);
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_NE(result.out.find("1 image cannot be read\n  -> training stops at the start"), std::string::npos);
  EXPECT_NE(result.out.find("  0.png = 7.png\n"), std::string::npos) << result.out;
  EXPECT_TRUE(result.out.ends_with("\n2 kinds of things to look at\n")) << result.out;
  EXPECT_EQ(nlohmann::json::parse(testing::read_bytes(json))["findings"][1]["key"], "duplicates");
}

TEST(DataCheck, RefusesWhatItCannotOpen) {
  const testing::TemporaryDirectory directory;
  const auto refuse = [](const std::string& arguments, const std::string& message) {
    const auto result = run("uvic-data check " + arguments);
    EXPECT_EQ(result.code, 2) << arguments;
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err.find(message), std::string::npos) << result.err;
  };
  refuse(directory.path().string(), "no images here or below");
  refuse("/nowhere", "/nowhere: no such file");
  testing::write_tar(directory / "x.tar", {{"a.txt", "x"}});
  refuse((directory / "x.tar").string(), "x.tar: no images in it");
  refuse((directory / "x.tar").string() + " --kind zip", "x.tar: a tar archive, not a ZIP archive");
}

}  // namespace
}  // namespace uvic

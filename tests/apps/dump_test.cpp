// uvic-fid dump: resumable, equal to an uninterrupted one, damage made good.
#include <gtest/gtest.h>

#include <map>

#include "io/png.h"
#include "support/trained_run.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;
using testing::TrainedRun;

class Dump : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { files_ = new TrainedRun; }
  static void TearDownTestSuite() { delete files_; }
  static std::string path(const std::string& name) { return (*files_ / name).string(); }
  static std::string dump(const std::string& name, const std::string& options) {
    return "uvic-fid dump " + files_->checkpoint() + " --batch 8 --out " + path(name) + " " + options;
  }
  static std::map<std::string, std::string> contents(const std::string& name) {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(path(name))) {
      // A killed writer leaves its temporary, which is no image.
      if (entry.path().extension() == ".png")
        files[entry.path().filename()] = testing::read_bytes(entry.path());
    }
    return files;
  }

 private:
  static TrainedRun* files_;
};
TrainedRun* Dump::files_ = nullptr;

TEST_F(Dump, OnePngASeedNamedBySeed) {
  expect_ok(run(dump("plain", "--num 10")));
  const auto files = contents("plain");
  ASSERT_EQ(files.size(), 10U);
  EXPECT_TRUE(files.contains("000000.png") && files.contains("000009.png"));
  EXPECT_EQ(inspect_png(path("plain") + "/000003.png")->width, 8);
  // The same image as uvic-sample's, and as a dump that asks for it among others.
  expect_ok(run(dump("others", "--seeds 9,500,3")));
  EXPECT_EQ(contents("others").at("000003.png"), files.at("000003.png"));
  EXPECT_TRUE(contents("others").contains("000500.png"));
}

TEST_F(Dump, KilledAndResumedEqualsUninterrupted) {
  const std::string options = "--num 200 --steps 40";
  expect_ok(run(dump("whole", options)));
  for (int i = 0; i < 3; ++i) {
    testing::Process process(dump("killed", options));
    const size_t before = fs::exists(path("killed")) ? contents("killed").size() : 0;
    while (process.running() && (!fs::exists(path("killed")) || contents("killed").size() < before + 10)) {
      testing::sleep_ms(2);
    }
    process.send(SIGKILL);
    process.wait();
  }
  expect_ok(run(dump("killed", options)));
  EXPECT_EQ(contents("killed"), contents("whole"));
}

TEST_F(Dump, HalfWrittenAndCorruptImagesAreMadeAgain) {
  expect_ok(run(dump("damaged", "--num 8")));
  const auto whole = contents("damaged");
  const std::string bytes = whole.at("000002.png");
  testing::write_bytes(path("damaged") + "/000002.png", bytes.substr(0, bytes.size() - 5));
  std::string flipped = whole.at("000005.png");
  flipped[flipped.size() / 2] = char(flipped[flipped.size() / 2] ^ 1);
  testing::write_bytes(path("damaged") + "/000005.png", flipped);
  expect_ok(run(dump("damaged", "--num 8")));
  EXPECT_EQ(contents("damaged"), whole);
}

TEST_F(Dump, OtherSettingsAreRefused) {
  expect_ok(run(dump("settings", "--num 4")));
  const auto before = contents("settings");
  testing::expect_usage_error(dump("settings", "--num 4 --steps 7"), "was made with other settings");
  testing::expect_usage_error(dump("settings", "--num 4 --labels 1"), "was made with other settings");
  EXPECT_EQ(contents("settings"), before);
  expect_ok(run(dump("settings", "--num 6")));  // more of the same is welcome
  EXPECT_EQ(contents("settings").size(), 6U);
}

TEST_F(Dump, ASignalIsExit3AndTheRestFollows) {
  testing::Process process(dump("signal", "--num 5000 --steps 30"));
  while (process.running() && (!fs::exists(path("signal")) || fs::is_empty(path("signal"))))
    testing::sleep_ms(5);
  process.send(SIGTERM);
  const auto result = process.wait();
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_NE(result.err.find("the same command goes on"), std::string::npos) << result.err;
}

TEST_F(Dump, AFullDiskIsExit1AndResumable) {
  fs::create_directories(path("full"));
  const auto result = run("sh -c 'trap \"\" XFSZ; ulimit -f 0; " + dump("full", "--num 8") + "'");
  EXPECT_EQ(result.code, 1) << result.err;
  expect_ok(run(dump("full", "--num 8")));
  EXPECT_EQ(contents("full").size(), 8U);
}

}  // namespace
}  // namespace uvic

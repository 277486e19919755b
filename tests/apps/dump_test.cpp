// uvic-fid dump: resumable, equal to an uninterrupted one, damage made good.
#include <gtest/gtest.h>

#include "io/png.h"
#include "support/dump_files.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::expect_ok;
using testing::run;

class Dump : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { files_ = new testing::DumpFiles; }
  static void TearDownTestSuite() { delete files_; }
  static std::string path(const std::string& name) { return files_->path(name); }
  static std::string dump(const std::string& name, const std::string& options) {
    return files_->dump(name, options);
  }
  static std::map<std::string, std::string> contents(const std::string& name) {
    return files_->contents(name);
  }

  static testing::DumpFiles* files_;
};
testing::DumpFiles* Dump::files_ = nullptr;

TEST_F(Dump, OnePngASeedNamedBySeed) {
  expect_ok(run(dump("plain", "--num 10")));
  const auto files = contents("plain");
  ASSERT_EQ(files.size(), 11U);
  EXPECT_TRUE(files.contains("000000.png") && files.contains("000009.png") &&
              files.contains("manifest.json"));
  EXPECT_EQ(inspect_png(path("plain") + "/000003.png")->width, 8);
  // The same image as uvic-sample's, and as a dump that asks for it among others.
  expect_ok(run(dump("others", "--seeds 9,500,3")));
  EXPECT_EQ(contents("others").at("000003.png"), files.at("000003.png"));
  EXPECT_TRUE(contents("others").contains("000500.png"));
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
  EXPECT_TRUE(contents("damaged") == whole);
}

TEST_F(Dump, OtherSettingsAreRefusedByName) {
  for (const std::string name : {"settings", "settings.zip", "settings.npz"}) {
    expect_ok(run(dump(name, "--num 4")));
    const auto before = contents(name);
    const std::string refused = "was made with other settings: ";
    testing::expect_usage_error(dump(name, "--num 4 --steps 7"),
                                refused + "sample.steps is 4 there and 7 here");
    testing::expect_usage_error(dump(name, "--num 4 --labels 1"), refused + "labels is \"balanced\" there");
    testing::expect_usage_error(dump(name, "--num 4 --weights raw"), refused + "weights");
    EXPECT_TRUE(contents(name) == before);
  }
  testing::expect_usage_error(dump("settings", "--num 4 --subdirs"), "format is png there and subdirs here");
  testing::expect_usage_error(dump("settings.zip", "--num 6"), "an archive cannot grow");
}

TEST_F(Dump, AFolderTakesMoreSeedsAndAnotherBatchSize) {
  expect_ok(run(dump("more", "--num 4")));
  expect_ok(run(dump("more", "--num 6")));
  EXPECT_EQ(contents("more").size(), 7U);
  expect_ok(run(dump("six", "--num 6")));
  EXPECT_TRUE(contents("more") == contents("six"));
  const auto other = run(dump("more", "--num 7 --batch 5"));
  expect_ok(other);
  EXPECT_NE(other.err.find("sample.batch_size is 8 there and 5 here"), std::string::npos) << other.err;
}

TEST_F(Dump, WithoutABatchSizeTheFirstOneStays) {
  const std::string command = "uvic-fid dump " + files_->run().checkpoint() + " --out " + path("stays");
  expect_ok(run(command + " --num 3"));
  const auto more = run(command + " --num 4");
  expect_ok(more);
  EXPECT_EQ(more.err, "");
  EXPECT_NE(contents("stays").at("000003.png").find("sample.batch_size=3 "), std::string::npos);
}

TEST_F(Dump, ImagesThatAreNotOursAreNotOverwritten) {
  expect_ok(run(dump("foreign", "--num 4")));
  const auto before = contents("foreign");
  fs::remove(path("foreign") + "/manifest.json");
  testing::expect_usage_error(dump("foreign", "--num 4 --steps 7"),
                              "was made with other settings, sample.steps=4 there and sample.steps=7 here");
  expect_ok(run(dump("foreign", "--num 4")));
  EXPECT_TRUE(contents("foreign") == before);
  testing::write_bytes(path("foreign.zip"), "not ours");
  testing::expect_usage_error(dump("foreign.zip", "--num 4"), "exists without its manifest");
}

TEST_F(Dump, ASignalIsExit3AndTheRestFollows) {
  testing::Process process(dump("signal", "--num 5000 --steps 30"));
  while (process.running() && !fs::exists(path("signal") + "/000000.png")) testing::sleep_ms(5);
  process.send(SIGTERM);
  const auto result = process.wait();
  EXPECT_EQ(result.code, 3) << result.err;
  EXPECT_NE(result.err.find("the same command goes on"), std::string::npos) << result.err;
}

TEST_F(Dump, TwoProcessesDoNotWriteOneDump) {
  for (const std::string name : {"busy", "busy.zip"}) {
    testing::Process process(dump(name, "--num 5000 --steps 30"));
    while (process.running() &&
           !fs::exists(path(name) + (name == "busy" ? "/manifest.json" : ".manifest.json")))
      testing::sleep_ms(5);
    testing::expect_usage_error(dump(name, "--num 5000 --steps 30"), "another process is writing it");
    process.send(SIGKILL);
    process.wait();
  }
}

TEST_F(Dump, AFullDiskIsExit1AndResumable) {
  // ulimit -f: files of at most so many blocks of 512 bytes.
  const auto on_a_full_disk = [&](int blocks, const std::string& command) {
    return run("sh -c 'ulimit -f " + std::to_string(blocks) + "; " + command + "'");
  };
  for (const std::string name : {"full.zip", "full.npz"}) {
    expect_ok(run(dump("whole-" + name, "--num 300")));
    const auto result = on_a_full_disk(24, dump(name, "--num 300"));
    EXPECT_EQ(result.code, 1) << result.err;
    EXPECT_NE(result.err.find("error: cannot write " + path(name) + ": File too large"), std::string::npos)
        << result.err;
    EXPECT_TRUE(fs::exists(path(name) + ".part"));
    EXPECT_FALSE(fs::exists(path(name)));
    expect_ok(run(dump(name, "--num 300")));
    EXPECT_TRUE(contents(name) == contents("whole-" + name));
  }
  expect_ok(run(dump("full", "--num 8")));
  const auto whole = contents("full");
  fs::remove(path("full") + "/000005.png");
  const auto result = on_a_full_disk(1, dump("full", "--num 8"));
  EXPECT_EQ(result.code, 1) << result.err;
  EXPECT_NE(result.err.find("000005.png: File too large"), std::string::npos) << result.err;
  EXPECT_EQ(contents("full").size(), 8U);  // no half of an image, no temporary
  expect_ok(run(dump("full", "--num 8")));
  EXPECT_TRUE(contents("full") == whole);
}

}  // namespace
}  // namespace uvic

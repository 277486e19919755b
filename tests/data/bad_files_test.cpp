#include "data/bad_files.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/open.h"
#include "io/png.h"
#include "support/support.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::read_bytes;
using testing::TemporaryDirectory;

std::vector<std::string> problems(int count) {
  std::vector<std::string> lines;
  for (int i = 0; i < count; ++i) lines.push_back("x/" + std::to_string(i) + ".png: damaged");
  return lines;
}

std::string warning_of(BadFiles& bad) {
  ::testing::internal::CaptureStderr();
  bad.tell();
  return ::testing::internal::GetCapturedStderr();
}

TEST(BadFiles, TenAreNamedAndAllOfThemInAFile) {
  const TemporaryDirectory directory;
  BadFiles ten(OnError::kFail, "--on-error skip", directory / "list");
  ten.found("x", 99, problems(10));
  EXPECT_THROW_WITH(ten.tell(), UsageError, "x/9.png: damaged. --on-error skip would leave such files out");
  EXPECT_FALSE(fs::exists(directory / "list"));
  BadFiles more(OnError::kFail, "--on-error skip", directory / "list");
  more.found("x", 99, problems(12));
  EXPECT_THROW_WITH(
      more.tell(), UsageError,
      "x/9.png: damaged; and 2 more, all are named in " + (directory / "list").string() + ". --on-error");
  EXPECT_EQ(read_bytes(directory / "list").size(), 10 * 17 + 2 * 18);
}

TEST(BadFiles, SkippingIsOneWarningForAllSets) {
  const TemporaryDirectory directory;
  BadFiles bad(OnError::kSkip, "--on-error skip", directory / "list");
  EXPECT_EQ(warning_of(bad), "");
  bad.found("x", 3, problems(1));
  bad.found("y", 5, {});
  bad.found("z", 2, {"z/0.png: the file is empty"});
  EXPECT_EQ(warning_of(bad),
            "warning: x: skipped 1 of 3 images, z: skipped 1 of 2 images: x/0.png: damaged; "
            "z/0.png: the file is empty\n");
  EXPECT_EQ(warning_of(bad), "");
  bad.met("x/2.png: damaged");
  EXPECT_EQ(warning_of(bad), "warning: skipped 1 image: x/2.png: damaged\n");
  EXPECT_THROW_WITH(bad.found("w", 1, {"w/0.png: damaged"}), UsageError, "none of the 1 image can be read");
}

TEST(BadFiles, AListThatCannotBeWrittenIsSaid) {
  const TemporaryDirectory directory;
  BadFiles bad(OnError::kFail, "--on-error skip", directory / "absent/list");
  bad.found("x", 99, problems(11));
  EXPECT_THROW_WITH(bad.tell(), UsageError, "the list of all could not be written: ");
}

// Of both folders of a run, and the list lies in the run's.
TEST(BadFiles, OfTrainingAndValidationAtOnce) {
  const TemporaryDirectory directory;
  for (const char* set : {"train", "val"}) {
    fs::create_directories(directory / set / "a");
    for (int i = 0; i < 7; ++i) {
      const fs::path file = directory / set / "a" / (std::to_string(i) + ".png");
      testing::write_bytes(file, "");
      if (i == 0) save_png(file, at::zeros({3, 8, 8}, at::kByte));
    }
  }
  DataOptions options;
  options.kind = "folder";
  options.path = (directory / "train").string();
  options.val_path = (directory / "val").string();
  fs::create_directories(directory / "run");
  const auto open = [&] { open_data(options, {3, 8, 8}, directory / "run"); };
  EXPECT_THROW_WITH(open(), UsageError, "val/a/4.png: the file is empty; and 2 more, all are named in ");
  const std::string list = read_bytes(directory / "run/.bad-files.txt");
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 12);
}

}  // namespace
}  // namespace uvic

// Images that are not finite in dumps: not stored, named, and made again once they are finite.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/errors.h"
#include "sampling/dump/dump.h"
#include "sampling/dump/verify.h"
#include "sampling/dump/whole.h"
#include "support/support.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNone = -1;

// Predicts the noise as 0, but NaN for images of class `bad`.
Sampler sampler(int64_t bad) {
  SampleOptions options;
  options.solver = "ddim";
  options.steps = 2;
  options.batch_size = 4;
  const Network network = [bad](const at::Tensor& x, const at::Tensor&, const Condition& condition) {
    const at::Tensor sick = (condition.labels == bad).to(at::kFloat).view({-1, 1, 1, 1});
    return at::zeros_like(x) + (sick / (1 - sick) - sick / (1 - sick));  // inf - inf
  };
  return {Generator{.network = network, .shape = {3, 4, 5}}, DiffusionOptions{}, options};
}

class NotFiniteDump : public ::testing::TestWithParam<DumpFormat> {
 protected:
  NotFiniteDump() {
    manifest_.format = GetParam();
    manifest_.version = "1";
    manifest_.classes = 3;
    manifest_.image = {3, 4, 5};
    manifest_.making.labels = "balanced";
    manifest_.making.checkpoint = "w.safetensors";
    for (int64_t seed = 0; seed < 12; ++seed) manifest_.seeds.push_back(seed);
    out_ = place("dump");
  }
  DumpReport dump(int64_t bad_class) {
    OpenDump open = open_dump(out_, manifest_);
    return run_dump(
        sampler(bad_class), open, 2, [](size_t, int64_t, const at::Tensor&) {}, [] { return false; });
  }
  fs::path place(const std::string& name) const {
    return directory_ / (folder() ? name : name + "." + format_name(GetParam()));
  }
  bool folder() const { return is_folder(GetParam()); }
  testing::TemporaryDirectory directory_;
  DumpManifest manifest_;
  fs::path out_;
};

TEST_P(NotFiniteDump, IsNotWholeAndSaysWhichSeeds) {
  const DumpReport report = dump(2);
  // A folder does without them; an archive, which has its images in order, ends before the first.
  EXPECT_EQ(report.stored, folder() ? 8U : 2U);
  EXPECT_EQ(report.not_finite,
            folder()
                ? "4 of 12 images hold values that are not finite (NaN or infinity), the first of seed 2"
                : "1 of 4 images holds values that are not finite (NaN or infinity), the first of seed 2; "
                  "the other 8 were not made");
  const std::string text = folder() ? "seeds 2,5,8,11 give values that are not finite (NaN or infinity)"
                                    : "seed 2 gives values that are not finite (NaN or infinity)";
  EXPECT_THROW_WITH(check_scorable(out_), UsageError, "is not whole: " + text);
  if (folder()) {
    const Inspection found = inspect_dump(*DumpReader::open(out_), {});
    ASSERT_EQ(found.problems.size(), 4U);
    EXPECT_NE(found.problems[1].find("000005.png: is missing"), std::string::npos) << found.problems[1];
    EXPECT_EQ(not_finite_text(DumpReader::open(out_)->manifest()), text);
  } else {
    EXPECT_FALSE(fs::exists(out_));
    EXPECT_THROW_WITH(DumpReader::open(out_), UsageError, "is not finished; " + text);
  }
}

TEST_P(NotFiniteDump, GoesOnWithTheseImagesWhenTheyAreFinite) {
  dump(2);
  const DumpReport rest = dump(kNone);
  EXPECT_EQ(rest.stored, folder() ? 4U : 10U);
  EXPECT_EQ(rest.not_finite, "");
  EXPECT_NO_THROW(check_scorable(out_));
  EXPECT_TRUE(find_manifest(out_)->not_finite.empty());
  const fs::path broken_off = out_;
  out_ = place("whole");
  dump(kNone);
  const auto first = DumpReader::open(broken_off), second = DumpReader::open(out_);
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(first->read(i), second->read(i)) << i;
}

TEST_P(NotFiniteDump, EndsAfterAFirstBatchOfNothingElse) {
  manifest_.making.labels = "1";
  const DumpReport report = dump(1);
  EXPECT_EQ(report.stored, 0U);
  EXPECT_EQ(
      report.not_finite,
      "all 4 images hold values that are not finite (NaN or infinity), the first of seed 0; the other 8 "
      "were not made");
  EXPECT_EQ(find_manifest(out_)->not_finite, (std::vector<int64_t>{0, 1, 2, 3}));
}

TEST_P(NotFiniteDump, ScoringOneThatIsNotAllThereWarns) {
  dump(kNone);
  if (!folder()) return;
  fs::remove(out_ / image_path(GetParam(), 7));
  ::testing::internal::CaptureStderr();
  check_scorable(out_);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(),
            "warning: " + out_.string() +
                ": is not whole: 1 of its 12 images is missing; the same dump command makes them\n");
}

INSTANTIATE_TEST_SUITE_P(Formats, NotFiniteDump,
                         ::testing::Values(DumpFormat::kPng, DumpFormat::kSubdirs, DumpFormat::kZip,
                                           DumpFormat::kNpz),
                         [](const auto& info) { return format_name(info.param); });

TEST(CheckScorable, LeavesOtherFoldersAlone) {
  const testing::TemporaryDirectory directory;
  EXPECT_NO_THROW(check_scorable(directory / "nothing"));
  testing::write_bytes(directory / "manifest.json", R"({"name": "a web page"})");
  EXPECT_NO_THROW(check_scorable(directory.path()));
}

}  // namespace
}  // namespace uvic

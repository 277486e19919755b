// What is said about the classes of a run before it starts.
#include "tasks/diffusion/check_data.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/open.h"
#include "support/image_files.h"
#include "support/tiny_run.h"
#include "tasks/diffusion/task.h"

namespace uvic {
namespace {

using namespace uvic::testing;

class CheckData : public ::testing::Test {
 protected:
  CheckData() : config_(tiny_config(directory_ / "train")) {
    config_.model.in_chans = 3;
    config_.data.kind = "folder";
    config_.data.val_path = (directory_ / "val").string();
    config_.resolve();
  }
  /// A picture in each class folder.
  void classes(const std::string& part, const std::vector<std::string>& names) const {
    for (const std::string& name : names) write_image(directory_ / part / name / "0.png", picture(8, 8));
  }
  /// Pictures labelled by numbers.
  void labels(const std::string& part, const std::vector<int>& numbers) const {
    std::string lines;
    for (size_t i = 0; i < numbers.size(); ++i) {
      const std::string name = std::to_string(i) + ".png";
      write_image(directory_ / part / name, picture(8, 8));
      lines += name + "," + std::to_string(numbers[i]) + "\n";
    }
    write_bytes(directory_ / part / "labels.csv", lines);
  }
  /// What checking says, a line each.
  std::string said() const {
    const DataSets data = open_data(config_.data, config_.model.image_shape());
    ::testing::internal::CaptureStderr();
    try {
      check_data(data, config_, config_.model.image_shape());
    } catch (...) {
      ::testing::internal::GetCapturedStderr();  // or the next capture would abort
      throw;
    }
    return ::testing::internal::GetCapturedStderr();
  }
  TemporaryDirectory directory_;
  DiffusionConfig config_;
};

TEST_F(CheckData, SaysNothingWhereAllFits) {
  classes("train", {"a", "b", "c", "d"});
  classes("val", {"a", "b", "c", "d"});
  EXPECT_EQ(said(), "");
}

TEST_F(CheckData, WarnsOfAClassThatTheHeldOutImagesLack) {
  classes("train", {"a", "b", "c", "d"});
  classes("val", {"d", "a"});
  EXPECT_EQ(said(), "warning: data.val_path: no image has classes 1 (b), 2 (c)\n");
  config_.model.num_classes = -1;
  EXPECT_EQ(said(), "");
}

TEST_F(CheckData, WarnsOfLabelsFromOneAndOfGaps) {
  config_.data.val_path.clear();
  labels("train", {1, 2, 3});
  EXPECT_EQ(
      said(),
      "warning: data: no image has class 0; classes count from 0; what is not trained cannot be drawn\n");
  labels("train", {0, 1, 3});
  EXPECT_EQ(said(), "warning: data: no image has class 2; what is not trained cannot be drawn\n");
}

TEST_F(CheckData, WarnsOfRowsForNoClass) {
  config_.data.val_path.clear();
  classes("train", {"a", "b", "c"});
  config_.model.num_classes = 1001;
  EXPECT_EQ(said(),
            "warning: data: 3 classes, but model.num_classes 1001 has rows for 1000 and the null label: "
            "classes 3 to "
            "999 will "
            "never be trained, yet sampling draws them by default; model.num_classes=4 fits\n");
}

TEST_F(CheckData, WarnsOfOneClassAlone) {
  config_.data.val_path.clear();
  classes("train", {"a"});
  config_.model.num_classes = 2;
  EXPECT_EQ(said(),
            "warning: data: all images are of one class; model.num_classes=-1 trains without classes\n");
}

TEST_F(CheckData, RefusesAHeldOutClassThatIsNotTrained) {
  labels("train", {0, 1, 2});
  labels("val", {3});
  EXPECT_THROW_WITH(said(), UsageError,
                    "data.val_path: its images have class 3, which no training image has");
}

TEST_F(CheckData, TheTaskSaysItsClassesAndWhetherItMirrors) {
  config_.data.val_path.clear();
  classes("train", {"class10", "class9", "x", "y"});
  const auto described = [&] {
    DiffusionTask task(config_, c10::kCPU);
    task.open({});
    EXPECT_EQ(task.weights_metadata().at("uvic.classes"), R"(["class9","class10","x","y"])");
    return task.describe_data();
  };
  EXPECT_NE(described().find("\nclasses: 0 class9, 1 class10, 2 x, 3 y"), std::string::npos) << described();
  EXPECT_NE(described().find("every second image is mirrored left to right"), std::string::npos)
      << described();
  config_.data.random_flip = "false";
  EXPECT_NE(described().find("no image is mirrored"), std::string::npos) << described();
}

}  // namespace
}  // namespace uvic

#include "sampling/class_policy.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "sampling/labels.h"
#include "support/support.h"

namespace uvic {
namespace {

const ClassNames kNames = {"ants", "cats", "10"};

ModelOptions model(int64_t num_classes = 4, NullLabel null_label = NullLabel::kLast) {
  ModelOptions options;
  options.num_classes = num_classes;
  options.null_label = null_label;
  return options;
}

TEST(ClassPolicy, TakesNumbersAndNames) {
  EXPECT_EQ(class_policy("cats", model(), kNames), "1");
  EXPECT_EQ(class_policy("2", model(), kNames), "2");
  EXPECT_EQ(class_policy("10", model(), kNames), "2");  // no class number here, so the name
  EXPECT_EQ(labels_policy("cats", model(), kNames), "1");
  for (const char* policy : {"balanced", "balnced", "random", "[1, 2, 3]", "/nowhere/counts.json"})
    EXPECT_EQ(labels_policy(policy, model(), kNames), policy);
}

TEST(ClassPolicy, ANumberInRangeIsTheNumberAndAWarningSaysSo) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(class_policy("1", model(), {"1", "2", "3"}), "1");
  EXPECT_NE(::testing::internal::GetCapturedStderr().find(
                "warning: --class 1 is class number 1, called '2'; the class called '1' is number 0"),
            std::string::npos);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(class_policy("1", model(), {"0", "1", "2"}), "1");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(ClassPolicy, NoneIsTheNullLabel) {
  EXPECT_EQ(class_policy("none", model(), kNames), "none");
  EXPECT_EQ(labels_policy("none", model(), {}), "none");
  EXPECT_EQ(choose_labels("none", {5, 6}, 3), (std::vector<int64_t>{3, 3}));
  EXPECT_TRUE(choose_labels("none", {5, 6}, 0).empty());
  EXPECT_EQ(class_policy("none", model(-1), {}), "none");
  EXPECT_EQ(label_text(3, 3), "none");
  EXPECT_EQ(label_text(2, 3), "2");
  EXPECT_THROW_WITH(class_policy("none", model(4, NullLabel::kNone), kNames), UsageError,
                    "--class none: this model was trained without a null label");
}

TEST(ClassPolicy, SaysWhatIsWrong) {
  EXPECT_THROW_WITH(class_policy("cat", model(), kNames), UsageError,
                    "--class 'cat': there is no such class; did you mean 'cats'?");
  EXPECT_THROW_WITH(class_policy("zebra crossing", model(), kNames), UsageError, "there are ants, cats, 10");
  EXPECT_THROW_WITH(class_policy("cats", model(), {}), UsageError,
                    "hold no names of classes; give a number from 0 to 2");
  EXPECT_THROW_WITH(class_policy("cats", model(-1), kNames), UsageError, "unconditional, it has no classes");
  EXPECT_THROW_WITH(labels_policy("cat", model(), kNames), UsageError,
                    "--labels 'cat': there is no such class");
  EXPECT_THROW_WITH(choose_labels(class_policy("-1", model(), kNames), {0}, 3), UsageError,
                    "'none' is the picture of no class");
}

}  // namespace
}  // namespace uvic

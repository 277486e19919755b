#include "recipe/class_names.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/support.h"

namespace uvic {
namespace {

const ClassNames kNames = {"ants", "c\"ats", "\xC3\xA9t\xC3\xA9"};

TEST(ClassNames, GoThroughMetadata) {
  EXPECT_EQ(class_names_of({{kClassNamesKey, class_names_to_json(kNames)}}, "w"), kNames);
  EXPECT_TRUE(class_names_of({{"uvic.step", "1"}}, "w").empty());
  for (const char* damaged : {"", "{", "{\"a\": 1}", "[1]"})
    EXPECT_THROW_WITH(class_names_of({{kClassNamesKey, damaged}}, "w"), UsageError, "w: uvic.classes is not");
}

TEST(ClassNames, AreFoundInAnyUnicodeForm) {
  EXPECT_EQ(find_class(kNames, "ants"), 0);
  EXPECT_EQ(find_class(kNames, "e\xCC\x81te\xCC\x81"), 2);
  EXPECT_EQ(find_class(kNames, "ant"), std::nullopt);
}

TEST(ClassNames, AreDescribedInFull) {
  EXPECT_EQ(describe_classes({"a", "b"}), "classes: 0 a, 1 b");
  ClassNames many;
  for (int i = 0; i < 1000; ++i) many.push_back("n" + std::to_string(10000000 + i));
  const std::string text = describe_classes(many);
  size_t longest = 0;
  for (size_t begin = 0, end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find('\n', begin);
    longest = std::max(longest, (end == std::string::npos ? text.size() : end) - begin);
  }
  EXPECT_LE(longest, 100U);
  for (int i = 0; i < 1000; ++i)
    EXPECT_NE(text.find(" " + std::to_string(i) + " " + many[size_t(i)]), std::string::npos) << i;
}

}  // namespace
}  // namespace uvic

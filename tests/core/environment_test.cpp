#include "core/environment.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "core/dtype.h"
#include "core/errors.h"
#include "core/home.h"
#include "core/log.h"
#include "support/support.h"

namespace uvic {
namespace {

/// As long as it lives; "-" is a variable that is not set.
class Variables {
 public:
  Variables(const std::string& rank, const std::string& size) {
    set("RANK", rank);
    set("WORLD_SIZE", size);
  }
  ~Variables() {
    set("RANK", "-");
    set("WORLD_SIZE", "-");
  }

 private:
  static void set(const char* name, const std::string& value) {
    if (value == "-") {
      unsetenv(name);
    } else {
      setenv(name, value.c_str(), 1);
    }
  }
};

TEST(Environment, EmptyVariablesAreNotSet) {
  for (const auto& [rank, size] : {std::pair{"-", "-"}, {"", ""}, {"2", ""}, {" ", " "}, {"0", "-"}}) {
    const Variables variables(rank, size);
    EXPECT_FALSE(rank_from_environment().has_value());
    EXPECT_NO_THROW(refuse_ranks("uvic-train"));
  }
}

TEST(Environment, ARankIsOneOfWorldSize) {
  {
    const Variables variables("2", "4");
    EXPECT_EQ(rank_from_environment()->index, 2);
    EXPECT_EQ(rank_from_environment()->count, 4);
    EXPECT_THROW_WITH(
        refuse_ranks("uvic-train", "or wait"), UsageError,
        "WORLD_SIZE=4 is set, as torchrun sets it, but uvic-train is one process: start it without "
        "torchrun, or wait; where that is left over: unset RANK WORLD_SIZE");
  }
  for (const auto& rank : {"0", "-", ""}) {
    const Variables variables(rank, "1");
    EXPECT_EQ(rank_from_environment()->count, 1);
    EXPECT_NO_THROW(refuse_ranks("uvic-train"));
  }
}

TEST(Environment, WhatIsNoRankIsNamed) {
  const auto refuse = [](const std::string& rank, const std::string& size, const std::string& message) {
    const Variables variables(rank, size);
    EXPECT_THROW_WITH(rank_from_environment(), UsageError, message);
  };
  refuse("a", "4", "RANK: 'a' is not a whole number; where that is left over: unset RANK WORLD_SIZE");
  refuse("0", "four", "WORLD_SIZE: 'four' is not a whole number");
  refuse("-1", "4", "RANK: '-1' is not a whole number");
  refuse("0", "0", "WORLD_SIZE=0: must be at least 1");
  refuse("4", "4", "RANK=4 WORLD_SIZE=4: ranks are 0 to WORLD_SIZE - 1");
  refuse("", "4", "WORLD_SIZE=4 is set, but not RANK");
}

TEST(Home, IsThatOfHomeOrOfTheSystem) {
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(expand_home("~"), "/home/me");
  EXPECT_EQ(expand_home("~/a/~"), "/home/me/a/~");
  for (const char* plain : {"", "a", "./~", "a/~", " ~"}) EXPECT_EQ(expand_home(plain), plain);
  EXPECT_EQ(expand_home("~root/x").substr(0, 1), "/");
  EXPECT_THROW_WITH(expand_home("~no_such_user"), UsageError, "there is no user 'no_such_user'");
  for (const char* home : {"", "-"}) {
    if (std::string(home) == "-")
      unsetenv("HOME");
    else
      setenv("HOME", home, 1);
    EXPECT_EQ(expand_home("~/x").substr(0, 1), "/");  // by the user's entry
  }
  setenv("HOME", "/home/me", 1);
}

TEST(Dtype, IsNamedAsNumPyAndPyTorchDo) {
  EXPECT_EQ(dtype_name(c10::ScalarType::Byte), "uint8");
  EXPECT_EQ(dtype_name(c10::ScalarType::Float), "float32");
  EXPECT_EQ(dtype_name(c10::ScalarType::BFloat16), "bfloat16");
  EXPECT_EQ(dtype_name(c10::ScalarType::Long), "int64");
}

TEST(Log, AWarningIsSaidOnce) {
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) log_warning("of ", 5, " kinds");
  log_warning("of ", 6, " kinds");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "warning: of 5 kinds\nwarning: of 6 kinds\n");
}

}  // namespace
}  // namespace uvic

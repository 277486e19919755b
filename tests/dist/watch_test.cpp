#include "dist/watch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

namespace uvic {
namespace {

using namespace std::chrono_literals;

const WatchTimes kFast{.beat = 20ms, .silence = 400ms, .grace = 200ms};
const std::vector<std::string> kNames = {"rank 0 (a, process 1)", "rank 1 (b, process 2)"};

/// What a watch ended its process for.
struct Ended {
  std::mutex mutex;
  std::string reason;
  std::function<void(const std::string&)> hear() {
    return [this](const std::string& why) {
      const std::lock_guard lock(mutex);
      reason = why;
    };
  }
  std::string now() {
    const std::lock_guard lock(mutex);
    return reason;
  }
};

TEST(Watch, ASilentRankIsNamed) {
  const auto store = c10::make_intrusive<c10d::HashStore>();
  Ended zero, one;
  Watch first(store, 0, kNames, kFast, zero.hear());
  auto second = std::make_unique<Watch>(store, 1, kNames, kFast, one.hear());
  std::this_thread::sleep_for(600ms);
  EXPECT_EQ(zero.now(), "");
  second.reset();  // its signs of life end
  std::this_thread::sleep_for(900ms);
  EXPECT_NE(zero.now().find("rank 1 (b, process 2) has given no sign of life"), std::string::npos)
      << zero.now();
  EXPECT_EQ(one.now(), "");
}

TEST(Watch, WhoeverDoesNotFailWithTheOthersIsEnded) {
  const auto store = c10::make_intrusive<c10d::HashStore>();
  Ended zero, one;
  Watch first(store, 0, kNames, kFast, zero.hear()), second(store, 1, kNames, kFast, one.hear());
  EXPECT_FALSE(second.fail("no such file"));
  std::this_thread::sleep_for(500ms);
  EXPECT_EQ(zero.now(), "rank 1 (b, process 2) failed");
}

TEST(Watch, TheSameErrorOnAllIsSaidOnce) {
  const auto store = c10::make_intrusive<c10d::HashStore>();
  Ended ended;
  Watch first(store, 0, kNames, kFast, ended.hear()), second(store, 1, kNames, kFast, ended.hear());
  bool other = false;
  std::thread thread([&] { other = second.fail("no such file"); });
  EXPECT_TRUE(first.fail("no such file"));
  thread.join();
  EXPECT_TRUE(other);
}

}  // namespace
}  // namespace uvic

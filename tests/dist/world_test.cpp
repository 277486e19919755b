#include "dist/world.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/support.h"
#include "support/thread_world.h"

namespace uvic {
namespace {

using testing::run_ranks;

TEST(World, OfOneProcessIsNothingToDo) {
  const World world;
  EXPECT_TRUE(world.alone() && world.first() && world.has_backend());
  EXPECT_EQ(world.share(3), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(world.sum(2.5), 2.5);
  EXPECT_EQ(world.texts("a"), std::vector<std::string>{"a"});
  EXPECT_EQ(world.on_first([] { return std::string("x"); }), "x");
  const at::Tensor data = at::arange(4);
  EXPECT_TRUE(at::equal(world.gather_shares(data, 4), data));
  EXPECT_NO_THROW(check_alike(world, "anything", "a"));
}

TEST(World, SumsMaximaAndTexts) {
  run_ranks(3, [](const World& world) {
    const at::Tensor data = at::full({2}, float(world.rank() + 1));
    world.sum(data);
    EXPECT_TRUE(at::equal(data, at::full({2}, 6.0F)));
    EXPECT_EQ(world.sum(double(world.rank())), 3.0);
    EXPECT_EQ(world.max(double(-world.rank())), 0.0);
    EXPECT_TRUE(world.any(world.rank() == 2));
    EXPECT_FALSE(world.all(world.rank() == 2));
    for (int i = 0; i < 5; ++i) {  // texts of earlier times are deleted
      const auto all = world.texts(std::to_string(10 * i + world.rank()));
      EXPECT_EQ(all[2], std::to_string(10 * i + 2));
    }
    EXPECT_EQ(world.text_of_first(std::to_string(world.rank())), "0");
  });
}

// Seven things among three ranks: shares of 3, 2 and 2, and one of nothing at all.
TEST(World, SharesComeBackInOrder) {
  for (const int64_t count : {7, 2}) {
    run_ranks(3, [&](const World& world) {
      const auto share = world.share(count);
      at::Tensor mine = at::empty({int64_t(share.size()), 2});
      for (size_t i = 0; i < share.size(); ++i) mine[int64_t(i)].fill_(double(share[i]));
      const at::Tensor all = world.gather_shares(mine, count);
      EXPECT_TRUE(at::equal(all.select(1, 1), at::arange(count).to(at::kFloat)));
    });
  }
}

TEST(World, WhatTheFirstDoesAndItsErrorAreAllsOwn) {
  run_ranks(2, [](const World& world) {
    EXPECT_EQ(world.on_first([&] { return "rank " + std::to_string(world.rank()); }), "rank 0");
    EXPECT_THROW_WITH(world.on_first([]() -> std::string { usage_error("no such folder"); }), UsageError,
                      "no such folder");
    EXPECT_THROW_WITH(world.on_first([]() -> std::string { throw std::runtime_error("full"); }),
                      std::runtime_error, "full");
  });
}

TEST(World, DifferencesAreNamedOnEveryRank) {
  run_ranks(2, [](const World& world) {
    const std::string rank = std::to_string(world.rank());
    EXPECT_NO_THROW(check_alike(world, "version", "1"));
    EXPECT_THROW_WITH(check_alike(world, "version", rank), UsageError,
                      "the processes differ in version: 0 on rank 0, 1 on rank 1");
    EXPECT_THROW_WITH(check_alike_lines(world, "settings", "train:\n  seed: " + rank + "\n  steps: 5\n"),
                      UsageError, "the processes differ in settings: seed: 0 on rank 0, seed: 1 on rank 1");
  });
}

}  // namespace
}  // namespace uvic

#include "data/cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "core/errors.h"
#include "data/split.h"
#include "support/support.h"

namespace uvic {
namespace {

/// Image i is 2 x 3 bytes of i, labelled i; counts how often each is prepared.
class Counting : public Dataset {
 public:
  explicit Counting(int64_t size) : prepared(size_t(size)) {}
  int64_t size() const override { return int64_t(prepared.size()); }
  ImageShape image_shape() const override { return {1, 2, 3}; }
  int64_t num_classes() const override { return size(); }
  at::Tensor image(int64_t index) const override {
    ++prepared.at(size_t(index));
    return at::full({1, 2, 3}, index, at::kByte);
  }
  int64_t label(int64_t index) const override { return index; }
  std::string describe() const override { return "a set"; }
  mutable std::vector<std::atomic<int>> prepared;
};

TEST(Cache, PreparesEachImageOnce) {
  const auto counting = std::make_shared<Counting>(100);
  const auto cached = with_cache(counting, {}, 1e9);
  CounterRandom random(1, RandomStream::kCrop, 0);
  for (int epoch = 0; epoch < 3; ++epoch) {
    for (int64_t i = 0; i < 100; ++i) {
      EXPECT_TRUE(at::equal(cached->augmented(i, random), at::full({1, 2, 3}, i, at::kByte)));
      EXPECT_EQ(cached->label(i), i);
    }
  }
  for (const auto& count : counting->prepared) EXPECT_EQ(count, 1);
  EXPECT_EQ(cached->describe(), "a set; once prepared, kept in memory (600 B)");
}

TEST(Cache, ManyThreadsAtOnce) {
  const auto cached = with_cache(std::make_shared<Counting>(200), {}, 1e9);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int64_t i = 0; i < 2000; ++i) {
        const at::Tensor image = cached->image(i % 200);
        const auto* bytes = image.const_data_ptr<uint8_t>();
        wrong += std::count(bytes, bytes + 6, uint8_t(i % 200)) != 6;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Cache, OnlyWhereItFitsOrIsAskedFor) {
  const auto keeps = [](const DataOptions& options, double available) {
    const auto counting = std::make_shared<Counting>(100);
    const auto set = with_cache(counting, options, available);
    set->image(0);
    set->image(0);
    const bool kept = counting->prepared[0] == 1;
    EXPECT_EQ(set->describe().find("kept in memory") != std::string::npos, kept) << set->describe();
    return kept;
  };
  EXPECT_TRUE(keeps({}, 1200));  // 600 bytes
  EXPECT_FALSE(keeps({}, 1199));
  EXPECT_TRUE(keeps({.cache = "always"}, 0));
  EXPECT_FALSE(keeps({.cache = "never"}, 1e9));
  EXPECT_FALSE(keeps({.crop = "random"}, 1e9));
  EXPECT_NE(with_cache(std::make_shared<Counting>(100), {}, 1024)->describe().find("600 B of 1.0"),
            std::string::npos)
      << with_cache(std::make_shared<Counting>(100), {}, 1024)->describe();
}

TEST(Cache, TheTwoSetsOfARunShareTheMemory) {
  const auto kept = [](int64_t train, int64_t validation, double available, const DataOptions& options = {}) {
    const DataSets data = with_caches(
        {std::make_shared<Counting>(train), std::make_shared<Counting>(validation)}, options, available);
    const auto keeps = [](const Dataset& set) {
      return set.describe().find("kept in memory") != std::string::npos;
    };
    return std::pair(keeps(*data.train), keeps(*data.validation));
  };
  const std::pair both(true, true), first(true, false), second(false, true), none(false, false);
  EXPECT_EQ(kept(100, 50, 1800), both);  // 600 and 300 bytes
  EXPECT_EQ(kept(100, 50, 1799), first) << "each alone would fit";
  EXPECT_EQ(kept(100, 50, 1199), second);
  EXPECT_EQ(kept(100, 50, 599), none);
  EXPECT_EQ(kept(100, 50, 0, {.cache = "always"}), both);
  EXPECT_EQ(kept(100, 50, 1e9, {.cache = "never"}), none);
  const DataSets data =
      with_caches({std::make_shared<Counting>(100), std::make_shared<Counting>(50)}, {}, 1536);
  EXPECT_NE(data.validation->describe().find(
                "a cache would take 300 B beside the 600 B of the training images of 1.50 KiB"),
            std::string::npos)
      << data.validation->describe();
  EXPECT_EQ(with_caches({std::make_shared<Counting>(100), nullptr}, {}, 1e9).validation, nullptr);
}

TEST(Cache, KnowsTheMemoryOfThisMachine) {
  EXPECT_GT(available_memory(), 1e7);
  EXPECT_LT(available_memory(), 1e14);
}

TEST(Split, CutsInTwoWithoutOverlap) {
  const auto set = std::make_shared<Counting>(50);
  const DataSets parts = split(set, 0.1);
  EXPECT_EQ(parts.train->size(), 45);
  EXPECT_EQ(parts.validation->size(), 5);
  std::set<int64_t> labels;
  for (const auto& part : {parts.train, parts.validation}) {
    for (int64_t i = 0; i < part->size(); ++i) {
      EXPECT_TRUE(labels.insert(part->label(i)).second);
      EXPECT_EQ(part->image(i)[0][0][0].item<int64_t>(), part->label(i));
    }
  }
  EXPECT_EQ(labels.size(), 50);
  EXPECT_EQ(split(set, 0.1).validation->label(2), parts.validation->label(2)) << "the same every time";
  EXPECT_EQ(split(set, 1e-6).validation->size(), 1);
  EXPECT_THROW_WITH(split(std::make_shared<Counting>(1), 0.5), UsageError, "leaves none to train on");
  EXPECT_EQ(parts.train->describe(), "45 of a set");
}

}  // namespace
}  // namespace uvic

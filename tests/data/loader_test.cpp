#include "data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include "data/idx.h"
#include "support/idx_files.h"

namespace uvic {
namespace {

using namespace uvic::testing;
using std::chrono::milliseconds;

constexpr uint64_t kSeed = 1234;
constexpr int64_t kCount = 37;

/// A real set on disk: 37 images 1x3x5, image i labelled i.
class Loader : public ::testing::Test {
 protected:
  Loader() {
    write_set(folder_.path(), kCount, 3, 5);
    set_ = open_idx(folder_.path());
  }
  std::vector<Batch> batches(DataOptions options, int64_t batch_size, int64_t first, int64_t last,
                             uint64_t seed = kSeed) const {
    DataLoader loader(set_, options, seed, whole_batches(batch_size), first, last);
    std::vector<Batch> all;
    for (int64_t step = first; step < last; ++step) all.push_back(loader.next());
    return all;
  }
  /// Image i as the network sees it, [1, 3, 5].
  at::Tensor plain(int64_t i) const { return set_->image(i).to(at::kFloat) / 127.5 - 1; }

  TemporaryDirectory folder_;
  std::shared_ptr<const Dataset> set_;
};

std::vector<int64_t> labels_of(const std::vector<Batch>& batches) {
  std::vector<int64_t> all;
  for (const Batch& batch : batches) {
    const auto* labels = batch.labels.const_data_ptr<int64_t>();
    all.insert(all.end(), labels, labels + batch.labels.numel());
  }
  return all;
}

void expect_equal(const std::vector<Batch>& a, const std::vector<Batch>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].slice.step, b[i].slice.step);
    EXPECT_TRUE(at::equal(a[i].images, b[i].images)) << "step " << a[i].slice.step;
    EXPECT_TRUE(at::equal(a[i].labels, b[i].labels)) << "step " << a[i].slice.step;
  }
}

// Micro-batches, and the shares of two processes, are cut from the same stream.
TEST_F(Loader, SlicesOfABatchAreTheBatch) {
  const DataOptions options{.random_flip = "true"};
  const auto whole = batches(options, 8, 3, 6);
  std::vector<at::Tensor> images(3);
  const auto gather = [&](const SliceSequence& slices) {
    DataLoader loader(set_, options, kSeed, slices, 3, 6);
    for (int64_t i = 3 * slices.rounds; i < 6 * slices.rounds; ++i) {
      const Batch part = loader.next();
      EXPECT_EQ(part.slice, slices[i]);
      auto& all = images[size_t(part.slice.step - 3)];
      all = all.defined() ? at::cat({all, part.images}) : part.images;
    }
  };
  const auto check = [&] {
    for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(at::equal(images[i], whole[i].images)) << i;
    images.assign(3, {});
  };
  gather(whole_batches(8, 4));
  check();
  gather({.total = 8, .first = 0, .count = 4, .rounds = 2});
  gather({.total = 8, .first = 4, .count = 4, .rounds = 1});
  check();
}

TEST_F(Loader, BatchesHaveTheirShapeAndStep) {
  const auto all = batches({}, 8, 3, 6);
  for (size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].slice.step, 3 + int64_t(i));
    EXPECT_EQ(all[i].images.sizes(), (std::vector<int64_t>{8, 1, 3, 5}));
    EXPECT_EQ(all[i].images.scalar_type(), at::kFloat);
    EXPECT_EQ(all[i].labels.sizes(), std::vector<int64_t>{8});
    EXPECT_EQ(all[i].labels.scalar_type(), at::kLong);
  }
}

TEST_F(Loader, EveryEpochShowsEachImageOnce) {
  std::vector<int64_t> every(kCount);
  std::iota(every.begin(), every.end(), 0);
  for (const int64_t batch_size : {1, 2, 5, 16, 36, 37, 38, 100}) {
    const auto seen = labels_of(batches({}, batch_size, 0, 4 * kCount / batch_size + 1));
    std::vector<int64_t> previous;
    for (size_t start = 0; start + kCount <= seen.size(); start += kCount) {
      const std::vector<int64_t> epoch(seen.begin() + int64_t(start), seen.begin() + int64_t(start) + kCount);
      auto sorted = epoch;
      std::sort(sorted.begin(), sorted.end());
      EXPECT_EQ(sorted, every) << "batch size " << batch_size << ", epoch " << start / kCount;
      EXPECT_NE(epoch, previous);
      EXPECT_NE(epoch, every);
      previous = epoch;
    }
  }
}

TEST_F(Loader, TheStreamDoesNotDependOnTheBatchSize) {
  const auto a = labels_of(batches({}, 4, 0, 25)), b = labels_of(batches({}, 10, 0, 10));
  EXPECT_EQ(a, b);
}

TEST_F(Loader, TheNumberOfWorkersChangesNothing) {
  expect_equal(batches({.workers = 1}, 7, 0, 40), batches({.workers = 8}, 7, 0, 40));
}

TEST_F(Loader, StartsInTheMiddle) {
  const auto whole = batches({.workers = 3}, 7, 0, 30);
  expect_equal({whole.begin() + 5, whole.end()}, batches({.workers = 1}, 7, 5, 30));
  expect_equal({whole.begin() + 5, whole.end()}, batches({.workers = 8}, 7, 5, 30));
}

TEST_F(Loader, AnotherSeedIsAnotherOrder) {
  EXPECT_NE(labels_of(batches({}, 37, 0, 1)), labels_of(batches({}, 37, 0, 1, kSeed + 1)));
}

TEST_F(Loader, HalfTheImagesAreMirrored) {
  int64_t mirrored = 0, total = 0;
  std::vector<int64_t> times(kCount);
  for (const Batch& batch : batches({.random_flip = "true"}, 50, 0, 60)) {
    for (int64_t i = 0; i < 50; ++i, ++total) {
      const int64_t label = batch.labels[i].item<int64_t>();
      const at::Tensor original = plain(label);
      if (at::equal(batch.images[i], original.flip(-1))) {
        ++mirrored;
        ++times[static_cast<size_t>(label)];
      } else {
        ASSERT_TRUE(at::equal(batch.images[i], original)) << "step " << batch.slice.step << " position " << i;
      }
    }
  }
  EXPECT_NEAR(double(mirrored) / double(total), 0.5, 5 * 0.5 / std::sqrt(double(total)));
  // One image is shown 81 times: mirrored anew each time, not once for all.
  for (const int64_t count : times) EXPECT_TRUE(10 < count && count < 71) << count;
}

TEST_F(Loader, NoFlipUnlessAsked) {
  for (const Batch& batch : batches({.random_flip = "false"}, 50, 0, 4)) {
    for (int64_t i = 0; i < 50; ++i) {
      EXPECT_TRUE(at::equal(batch.images[i], plain(batch.labels[i].item<int64_t>())));
    }
  }
}

TEST_F(Loader, MapsBytesToMinusOneToOne) {
  std::string bytes(256, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  write_bytes(folder_ / kImages, idx_header({1, 16, 16}) + bytes);
  write_bytes(folder_ / kLabels, idx_header({1}) + '\3');
  set_ = open_idx(folder_.path());
  const at::Tensor values = batches({.random_flip = "false"}, 1, 0, 1)[0].images.flatten();
  EXPECT_EQ(values[0].item<float>(), -1.0F);
  EXPECT_EQ(values[255].item<float>(), 1.0F);
  const at::Tensor expected = at::arange(256, at::kDouble) / 127.5 - 1;
  EXPECT_LT(max_abs_error(values, expected), 1e-7);
}

TEST_F(Loader, EndsAtTheLastStep) {
  DataLoader loader(set_, {}, kSeed, whole_batches(4), 2, 3);
  EXPECT_EQ(loader.next().slice.step, 2);
  EXPECT_ANY_THROW(loader.next());
  EXPECT_NO_THROW(DataLoader(set_, {}, kSeed, whole_batches(4), 3, 3));
}

TEST_F(Loader, RefusesWhatCannotBeABatch) {
  EXPECT_ANY_THROW(DataLoader(set_, {}, kSeed, whole_batches(0), 0, 3));
  EXPECT_ANY_THROW(DataLoader(set_, {.workers = 0}, kSeed, whole_batches(4), 0, 3));
  EXPECT_ANY_THROW(DataLoader(set_, {}, kSeed, whole_batches(4), 3, 2));
}

/// The set of the fixture, with something amiss.
class Awkward : public Dataset {
 public:
  explicit Awkward(std::shared_ptr<const Dataset> set) : set_(std::move(set)) {}
  int64_t size() const override { return set_->size(); }
  std::array<int64_t, 3> image_shape() const override { return set_->image_shape(); }
  int64_t num_classes() const override { return set_->num_classes(); }
  at::Tensor image(int64_t index) const override {
    ++asked;
    std::this_thread::sleep_for(delay);
    if (index == bad) throw std::runtime_error("image " + std::to_string(index) + " is bad");
    return set_->image(index);
  }
  int64_t label(int64_t index) const override { return set_->label(index); }
  std::string describe() const override { return set_->describe(); }

  mutable std::atomic<int64_t> asked = 0;
  milliseconds delay{0};
  int64_t bad = -1;

 private:
  std::shared_ptr<const Dataset> set_;
};

TEST_F(Loader, AnExceptionArrivesAtItsStep) {
  const auto good = batches({}, 4, 0, 30);
  const auto bad = std::make_shared<Awkward>(set_);
  bad->bad = 20;
  for (const int64_t workers : {1, 8}) {
    DataLoader loader(bad, {.workers = workers}, kSeed, whole_batches(4), 0, 30);
    int64_t thrown = 0;
    for (const Batch& expected : good) {
      if ((expected.labels == 20).any().item<bool>()) {
        EXPECT_THROW_WITH(loader.next(), std::runtime_error, "image 20 is bad");
        ++thrown;
      } else {
        expect_equal({loader.next()}, {expected});
      }
    }
    EXPECT_GE(thrown, 3);
  }
}

TEST_F(Loader, HoldsNoMoreBatchesThanItsCapacity) {
  const auto slow = std::make_shared<Awkward>(set_);
  DataLoader loader(slow, {.workers = 2}, kSeed, whole_batches(5), 0, 1'000'000);
  const auto settles_at = [&](int64_t images) {
    for (int i = 0; i < 1000 && slow->asked < images; ++i) std::this_thread::sleep_for(milliseconds(10));
    std::this_thread::sleep_for(milliseconds(50));
    return slow->asked == images;
  };
  EXPECT_TRUE(settles_at(6 * 5)) << slow->asked;
  loader.next();
  loader.next();
  EXPECT_TRUE(settles_at(8 * 5)) << slow->asked;
}

TEST_F(Loader, DestructionDoesNotWaitForTheSteps) {
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) {
    DataLoader unread(set_, {.workers = 8}, kSeed, whole_batches(4), 0, 1'000'000'000);
    DataLoader started(set_, {.workers = 8}, kSeed, whole_batches(4), 0, 1'000'000'000);
    started.next();
    if (i == 0) std::this_thread::sleep_for(milliseconds(100));  // all workers wait for space
  }
  const auto bad = std::make_shared<Awkward>(set_);
  bad->bad = 20;
  { DataLoader failing(bad, {.workers = 8}, kSeed, whole_batches(37), 0, 1'000'000'000); }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(20));
}

TEST_F(Loader, CountsOnlyTheSecondsThatItWaits) {
  const auto slow = std::make_shared<Awkward>(set_);
  slow->delay = milliseconds(20);
  DataLoader loader(slow, {.workers = 1}, kSeed, whole_batches(5), 0, 2);
  EXPECT_EQ(loader.wait_seconds(), 0);
  loader.next();
  const double waited = loader.wait_seconds();
  EXPECT_GE(waited, 0.08);
  for (int i = 0; i < 1000 && slow->asked < 10; ++i) std::this_thread::sleep_for(milliseconds(10));
  std::this_thread::sleep_for(milliseconds(300));  // the last of the ten images, and the batch is ready
  loader.next();
  EXPECT_EQ(loader.wait_seconds(), waited);
}

}  // namespace
}  // namespace uvic

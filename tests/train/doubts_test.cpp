#include "train/doubts.h"

#include <gtest/gtest.h>

namespace uvic {
namespace {

TrainOptions of_steps(int64_t steps) {
  TrainOptions train;
  train.steps = steps;
  return train;
}

const OptimizerOptions kNoWarmup{.warmup_steps = 0};

TEST(Doubts, AnAverageThatIsStillTheInitialWeights) {
  TrainOptions train = of_steps(300);
  EXPECT_EQ(
      doubts_of(train, kNoWarmup, Beginning::kFresh),
      std::vector<std::string>{
          "train.ema: after 300 steps the average of decay 0.9999 is still 97 % the initial weights, so that "
          "samples and grids, which are made of it, will be noise; set train.ema_warmup=ramp, or a smaller "
          "decay such as 0.99"});
  EXPECT_EQ(
      doubts_of(train, kNoWarmup, Beginning::kFromWeights),
      std::vector<std::string>{
          "train.ema: after 300 steps the average of decay 0.9999 is still 97 % the weights that it begins "
          "with, and samples and grids are made of it; set train.ema_warmup=ramp, or a smaller decay such as "
          "0.99"});
  EXPECT_TRUE(doubts_of(train, kNoWarmup, Beginning::kResumed)[0].ends_with(
      "; raise train.steps, or sample with --weights raw"));
  // Both ways out are ways out, and the largest of several averages is the one that is shown.
  train.ema_warmup = EmaWarmup::kRamp;
  EXPECT_TRUE(doubts_of(train, kNoWarmup, Beginning::kFresh).empty());
  train.ema_warmup = EmaWarmup::kNone;
  train.ema = {0.99};
  EXPECT_TRUE(doubts_of(train, kNoWarmup, Beginning::kFresh).empty());
  train.ema = {0.99, 0.9999};
  EXPECT_FALSE(doubts_of(train, kNoWarmup, Beginning::kFresh).empty());
  train.ema = {};
  EXPECT_TRUE(doubts_of(train, kNoWarmup, Beginning::kFresh).empty());
  // exp(-1.609) is a fifth.
  EXPECT_TRUE(doubts_of(of_steps(16000), kNoWarmup, Beginning::kFresh)[0].ends_with(
      "20 % the initial weights, so that samples and grids, which are made of it, will be noisy; set "
      "train.ema_warmup=ramp, or a smaller decay such as 0.999"));
  EXPECT_TRUE(doubts_of(of_steps(16200), kNoWarmup, Beginning::kFresh).empty());
}

TEST(Doubts, AWarmUpLongerThanTheRun) {
  TrainOptions train = of_steps(20);
  train.ema = {};
  const OptimizerOptions optimizer{.lr = 2e-4, .warmup_steps = 2000};
  EXPECT_EQ(doubts_of(train, optimizer, Beginning::kFresh),
            std::vector<std::string>{
                "optimizer.warmup_steps: a warm-up of 2000 steps is longer than the run of 20, "
                "so that the learning rate ends at 1.9e-06 of 2e-04; set it lower"});
  EXPECT_TRUE(doubts_of(train, optimizer, Beginning::kResumed)[0].ends_with("; raise train.steps"));
  train.steps = 2000;
  EXPECT_TRUE(doubts_of(train, optimizer, Beginning::kFresh).empty());
}

TEST(Doubts, ARateThatCannotBeMeant) {
  TrainOptions train = of_steps(20);
  train.ema = {};
  EXPECT_EQ(doubts_of(train, {.lr = 0.1, .warmup_steps = 0}, Beginning::kFresh).size(), 1U);
  EXPECT_TRUE(doubts_of(train, {.lr = 0.05, .warmup_steps = 0}, Beginning::kFresh).empty());
  EXPECT_TRUE(doubts_of(train, {.lr = 0.1, .warmup_steps = 0}, Beginning::kResumed).empty());
}

}  // namespace
}  // namespace uvic

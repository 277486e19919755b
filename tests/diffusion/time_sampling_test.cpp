#include "diffusion/time_sampling.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

constexpr int64_t kCount = 20000;

Tensor times(const DiffusionOptions& options, int64_t batch_size = 8) {
  const auto schedule = make_schedule(options);
  const Tensor t = at::empty({kCount}, at::kDouble);
  for (int64_t i = 0; i < kCount; ++i) {
    CounterRandom random(7, RandomStream::kTime, uint64_t(i));
    t.data_ptr<double>()[i] = sample_time(options, *schedule, random, i % batch_size, batch_size);
  }
  return t;
}

void expect_moments(const Tensor& values, double mean, double deviation) {
  EXPECT_NEAR(values.mean().item<double>(), mean, 5 * deviation / std::sqrt(double(kCount)));
  EXPECT_NEAR(values.std().item<double>(), deviation, 0.02 * deviation);
}

TEST(TimeSampling, Uniform) {
  expect_moments(times({}), 0.5, std::sqrt(1.0 / 12));
}

TEST(TimeSampling, StratifiedTakesOneFromEachPart) {
  DiffusionOptions options;
  options.time_sampling = "stratified";
  const Tensor t = times(options);
  expect_moments(t, 0.5, std::sqrt(1.0 / 12));
  EXPECT_TRUE(at::equal((t * 8).floor().view({-1, 8})[0], at::arange(8, at::kDouble)));
  EXPECT_EQ(((t * 8).floor().view({-1, 8}) - at::arange(8, at::kDouble)).abs().max().item<double>(), 0);
}

TEST(TimeSampling, LogitNormal) {
  DiffusionOptions options;
  options.schedule = "flow";
  options.prediction = "flow";
  options.time_sampling = "logit_normal";
  options.logit_mean = 0.5;
  options.logit_std = 0.8;
  expect_moments(times(options).logit(), 0.5, 0.8);
}

TEST(TimeSampling, LogNormalIsOfSigmaOverAlpha) {
  DiffusionOptions options;
  options.time_sampling = "log_normal";
  for (const char* name : {"edm", "vp_linear"}) {
    options.schedule = name;
    const auto schedule = make_schedule(options);
    const Tensor t = times(options), log_sigma = at::empty_like(t);
    for (int64_t i = 0; i < kCount; ++i)
      log_sigma.data_ptr<double>()[i] = std::log(schedule->edm_sigma(t.data_ptr<double>()[i]));
    expect_moments(log_sigma, -1.2, 1.2);
  }
}

TEST(TimeSampling, DiscreteSchedulesTrainOnTheirLevels) {
  DiffusionOptions options;
  options.schedule = "scaled_linear";
  for (const char* sampling : {"uniform", "stratified", "logit_normal", "log_normal"}) {
    options.time_sampling = sampling;
    const Tensor n = times(options) * 1000;
    EXPECT_LT((n - n.round()).abs().max().item<double>(), 1e-9) << sampling;
    EXPECT_GE(n.min().item<double>(), 0.999);
    EXPECT_LE(n.max().item<double>(), 1000.001);
  }
}

}  // namespace
}  // namespace uvic

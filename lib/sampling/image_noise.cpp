#include "sampling/image_noise.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "core/random.h"
#include "core/seeds.h"

namespace uvic {
namespace {

using at::Tensor;

std::vector<at::Generator> generators_of(const std::vector<int64_t>& seeds) {
  std::vector<at::Generator> generators;
  for (const int64_t seed : seeds) generators.push_back(image_generator(seed));
  return generators;
}

}  // namespace

Tensor slerp(const Tensor& a, const Tensor& b, double share) {
  if (share <= 0) return a;
  if (share >= 1) return b;
  const Tensor x = a.to(at::kDouble).flatten(), y = b.to(at::kDouble).flatten();
  const double cosine = (x.dot(y) / (x.norm() * y.norm())).item<double>();
  constexpr double kParallel = 1 - 1e-12;
  if (!(std::abs(cosine) < kParallel)) return a + (b - a) * share;  // a zero has no direction either
  const double angle = std::acos(cosine), sine = std::sin(angle);
  return a * (std::sin((1 - share) * angle) / sine) + b * (std::sin(share * angle) / sine);
}

ImageNoise::ImageNoise(const std::vector<int64_t>& seeds, std::array<int64_t, 3> shape, c10::Device device)
    : seeds_(seeds), shape_(shape), device_(device), generators_(generators_of(seeds)) {}

ImageNoise::ImageNoise(const std::vector<int64_t>& seeds, const std::vector<int64_t>& towards,
                       std::vector<double> shares, std::array<int64_t, 3> shape, c10::Device device)
    : seeds_(seeds),
      towards_(towards),
      shares_(std::move(shares)),
      shape_(shape),
      device_(device),
      generators_(generators_of(seeds)),
      others_(generators_of(towards)) {}

// draw(i, other): of image i, or of the one that it lies on the way to.
template <class Draw>
Tensor ImageNoise::stacked(const Draw& draw) const {
  std::vector<Tensor> noises;
  for (size_t i = 0; i < seeds_.size(); ++i) {
    const Tensor own = draw(i, false);
    noises.push_back(others_.empty() ? own : slerp(own, draw(i, true), shares_[i]));
  }
  return at::stack(noises).to(device_);
}

Tensor ImageNoise::draw() {
  return stacked([&](size_t i, bool other) {
    return at::randn(shape_, other ? others_[i] : generators_[i], at::kFloat);
  });
}

Tensor ImageNoise::draw_beside() {
  const uint64_t number = beside_++;
  return stacked([&](size_t i, bool other) {
    Tensor noise = at::empty(shape_, at::kFloat);
    CounterRandom(uint64_t(other ? towards_[i] : seeds_[i]), RandomStream::kKnown, number)
        .fill_normal({noise.mutable_data_ptr<float>(), size_t(noise.numel())});
    return noise;
  });
}

}  // namespace uvic

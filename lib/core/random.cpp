#include "core/random.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace uvic {
namespace {

// splitmix64's finaliser: spreads (seed, stream) over the key's 64 bits.
uint64_t mix(uint64_t x) {
  x += 0x9E3779B97F4A7C15ULL;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

}  // namespace

CounterRandom::CounterRandom(uint64_t seed, RandomStream stream, uint64_t index)
    : engine_(mix(mix(seed) + static_cast<uint64_t>(stream)), index) {}

float CounterRandom::uniform() {
  return float(engine_() >> 8) * 0x1p-24F;
}

uint64_t CounterRandom::below(uint64_t bound) {
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  for (;;) {
    const uint64_t high = engine_();
    const uint64_t value = high << 32 | engine_();
    if (value < limit) return value % bound;
  }
}

void CounterRandom::fill_normal(std::span<float> out) {
  for (size_t i = 0; i < out.size(); i += 2) {
    const double u = (double(engine_()) + 1.0) * 0x1p-32;
    const double angle = 2.0 * std::numbers::pi * double(engine_()) * 0x1p-32;
    const double radius = std::sqrt(-2.0 * std::log(u));
    out[i] = float(radius * std::cos(angle));
    if (i + 1 < out.size()) out[i + 1] = float(radius * std::sin(angle));
  }
}

std::vector<int64_t> permutation(uint64_t seed, uint64_t epoch, int64_t n) {
  std::vector<int64_t> order(static_cast<size_t>(n));
  std::iota(order.begin(), order.end(), int64_t{0});
  CounterRandom random(seed, RandomStream::kOrder, epoch);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);
  return order;
}

}  // namespace uvic

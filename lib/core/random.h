// Counter-based randomness for training: a draw depends on (seed, stream, index) alone, so the number of
// ranks, of workers, or an interruption changes nothing. Philox 4x32-10 (Salmon et al. 2011), LibTorch's
// engine.
#pragma once
#include <ATen/core/PhiloxRNGEngine.h>

#include <cstdint>
#include <span>
#include <vector>

namespace uvic {

/// Independent streams of one training seed. The numbers are part of the resume contract: never renumber.
enum class RandomStream : uint64_t {
  kTime = 1,
  kNoise = 2,
  kLabelDrop = 3,
  kFlip = 4,
  kOrder = 5,
  kLabel = 6,
  kCrop = 7,
  kValidation = 8,
  kWindow = 9,
  kCaption = 10,
  kLatent = 11,
  kKnown = 12
};

class CounterRandom {
 public:
  /// `index` is the image's position in the whole training stream, step * batch_size + position (or an epoch,
  /// a seed).
  CounterRandom(uint64_t seed, RandomStream stream, uint64_t index);

  /// Uniform in [0, 1), 24 bits.
  float uniform();
  /// Uniform in 0 .. bound - 1, without modulo bias.
  uint64_t below(uint64_t bound);
  /// Fills with standard normals (Box-Muller on 32-bit uniforms in (0, 1]: |x| <= 6.7).
  void fill_normal(std::span<float> out);

 private:
  at::Philox4_32 engine_;
};

/// A permutation of 0 .. n - 1 that depends on (seed, epoch) alone (Fisher-Yates, high to low).
std::vector<int64_t> permutation(uint64_t seed, uint64_t epoch, int64_t n);

}  // namespace uvic

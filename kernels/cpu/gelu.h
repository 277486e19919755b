// GELU (arXiv 1606.08415) and its slope, of a vector.
#pragma once
#include "kernels/cpu/blocks.h"

namespace uvic::cpu::UVIC_ISA {

/// Of a standard normal X: P(X <= x), by erf of Abramowitz and Stegun, 7.1.26 (absolute error 1.5e-7), and
/// exp(-x^2 / 2).
struct Normal {
  Vec<float> below, bell;
};
inline Normal normal_at(Vec<float> x) {
  const Vec<float> z = abs<float>(x) * 0.70710678f, below = z * 0.3275911f + 1.0f;
#if defined(__AVX512F__)
  const Vec<float> near = _mm512_rcp14_ps(below), t = near * (2.0f - below * near);
#else
  const Vec<float> t = 1.0f / below;
#endif
  Vec<float> p = t * 1.061405429f - 1.453152027f;
  p = p * t + 1.421413741f;
  p = p * t - 0.284496736f;
  p = p * t + 0.254829592f;
  const Vec<float> bell = exp2(z * z * float(-kLog2E)), tail = p * t * bell * 0.5f;  // P(X > |x|)
  return {x < 0.0f ? tail : 1.0f - tail, bell};
}

/// x P(X <= x).
inline Vec<float> gelu(Vec<float> x) {
  return x * normal_at(x).below;
}
/// P(X <= x) + x exp(-x^2 / 2) / sqrt(2 pi).
inline Vec<float> gelu_slope(Vec<float> x) {
  const Normal normal = normal_at(x);
  return normal.below + x * normal.bell * 0.39894228f;
}

}  // namespace uvic::cpu::UVIC_ISA

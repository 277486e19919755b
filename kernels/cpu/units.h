// What a matrix product multiplies: units of A against units of B along the summed dimension k.
//   F32, F64   one number a unit
//   Bf16Pair   two bfloat16 a unit, neighbours in k; vdpbf16ps adds both products to a float32
// bfloat16 inputs are widened to F32 where the CPU has no bfloat16 dot product.
#pragma once
#include "kernels/cpu/simd.h"

namespace uvic::cpu::UVIC_ISA {

struct Bf16 {
  uint16_t bits;
};

inline float widen(Bf16 x) {
  const uint32_t bits = uint32_t(x.bits) << 16;
  float y;
  std::memcpy(&y, &bits, 4);
  return y;
}
inline float widen(float x) {
  return x;
}
inline double widen(double x) {
  return x;
}

// Round to nearest even; NaN stays NaN.
inline uint32_t round_to_bf16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  return x != x ? 0x7fc0u : (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
}
inline void narrow(float x, Bf16* to) {
  to->bits = uint16_t(round_to_bf16(x));
}
inline void narrow(float x, float* to) {
  *to = x;
}
inline void narrow(double x, double* to) {
  *to = x;
}

template <class T>
struct Plain {
  using Acc = T;  ///< accumulators, scores, statistics
  using Unit = T;
  static constexpr int kPack = 1;  ///< numbers in a unit

  static Vec<T> multiply_add(Vec<T> acc, Vec<T> a, Vec<T> b) { return acc + a * b; }
  /// A row of `width` numbers becomes A's row of `width / kPack` units; in place where to == from.
  static void to_units(Vec<T> x, Unit* row, int64_t column) { store(row + column, x); }
};
using F32 = Plain<float>;
using F64 = Plain<double>;

#if defined(__AVX512BF16__)
struct Bf16Pair {
  using Acc = float;
  using Unit = int32_t;
  static constexpr int kPack = 2;

  static Vec<float> multiply_add(Vec<float> acc, Vec<int32_t> a, Vec<int32_t> b) {
    return _mm512_dpbf16_ps(acc, (__m512bh)a, (__m512bh)b);
  }
  static void to_units(Vec<float> x, Unit* row, int64_t column) {
    const __m256bh low = _mm512_cvtneps_pbh(x);
    std::memcpy(reinterpret_cast<char*>(row) + 2 * column, &low, 32);
  }
  /// Units (a[i], b[i]): what a product summed over rows needs.
  static Vec<int32_t> pair_rows(Vec<float> a, Vec<float> b) {
    const auto wide = [](Vec<float> x) {
      return (Vec<int32_t>)_mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(x));
    };
    return wide(a) | (wide(b) << 16);
  }
};
#endif

}  // namespace uvic::cpu::UVIC_ISA

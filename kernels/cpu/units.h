// What a matrix product multiplies: units of A against units of B along the summed dimension k.
//   F32, F64   one number a unit
//   Bf16Pair   two bfloat16 a unit, neighbours in k; vdpbf16ps adds both products to a float32
//   ByteQuad   four 8-bit integers a unit, neighbours in k; vpdpbusd adds the four products to an int32
// Where the CPU has no such dot product, F32 takes the numbers instead.
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
  /// B's unit.
  static Unit unit_of(const T (&x)[kPack]) { return x[0]; }
  static constexpr int32_t kZero = 0;  ///< what stands for 0 in A
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
  static Unit unit_of(const float (&x)[kPack]) {
    return Unit(round_to_bf16(x[0]) | (round_to_bf16(x[1]) << 16));
  }
  static constexpr int32_t kZero = 0;
};
#endif

#if defined(__AVX512VNNI__)
/// A's bytes are unsigned, B's signed.
struct ByteQuad {
  using Acc = int32_t;
  using Unit = int32_t;
  static constexpr int kPack = 4;
  static constexpr int32_t kZero = 128;

  static Vec<int32_t> multiply_add(Vec<int32_t> acc, Vec<int32_t> a, Vec<int32_t> b) {
    return (Vec<int32_t>)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)a, (__m512i)b);
  }
  /// Of whole numbers, -128 to 127.
  static void to_units(Vec<float> x, Unit* row, int64_t column) {
    const __m512i whole = _mm512_cvtps_epi32(x + float(kZero));
    const __m128i bytes = _mm512_cvtepi32_epi8(whole);
    std::memcpy(reinterpret_cast<char*>(row) + column, &bytes, 16);
  }
  static Unit unit_of(const float (&x)[kPack]) {
    uint32_t unit = 0;
    for (int i = 0; i < kPack; ++i) unit |= uint32_t(uint8_t(int8_t(x[i]))) << (8 * i);
    return Unit(unit);
  }
};
#endif

}  // namespace uvic::cpu::UVIC_ISA

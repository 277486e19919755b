// Vectors of one register, over the compiler's vector extension: one source, built once an instruction set.
// Each build defines UVIC_ISA, the namespace that keeps its code apart (one inline function of an AVX-512
// unit must not serve the portable build), so nothing here may use a template of the standard library.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace uvic::cpu::UVIC_ISA {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
  typedef T unaligned __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
};
template <class T>
using Vec = typename VectorOf<T>::type;
template <class T>
inline constexpr int kLanes = kVectorBytes / int(sizeof(T));

/// The signed integer of T's width.
template <class T>
struct BitsOf;
template <>
struct BitsOf<float> {
  using type = int32_t;
};
template <>
struct BitsOf<int32_t> {
  using type = int32_t;
};
template <>
struct BitsOf<double> {
  using type = int64_t;
};
template <class T>
using Bits = typename BitsOf<T>::type;
template <class T>
inline constexpr Bits<T> kSignBit = Bits<T>(1) << (8 * sizeof(T) - 1);

template <class T>
inline Vec<T> load(const T* p) {
  return *reinterpret_cast<const typename VectorOf<T>::unaligned*>(p);
}
template <class T>
inline void store(T* p, Vec<T> v) {
  *reinterpret_cast<typename VectorOf<T>::unaligned*>(p) = v;
}
template <class T>
inline Vec<T> broadcast(T x) {
  return x - Vec<T>{};
}
template <class T>
inline Vec<T> abs(Vec<T> x) {
  return (Vec<T>)((Vec<Bits<T>>)x & ~kSignBit<T>);
}
template <class T>
inline Vec<T> max(Vec<T> a, Vec<T> b) {
  return a > b ? a : b;
}
/// To the nearest whole number, even in the middle; |x| < 2^22.
inline Vec<float> round(Vec<float> x) {
  return (x + 12582912.0f) - 12582912.0f;  // 1.5 * 2^23
}
/// All lanes combined: log2(lanes) exchanges of halves, quarters ...
template <class T, class Combine, int distance = kLanes<T> / 2>
inline T reduce(Vec<T> v, Combine combine) {
  if constexpr (distance == 0) {
    return v[0];
  } else {
    Vec<Bits<T>> partner;
    for (int i = 0; i < kLanes<T>; ++i) partner[i] = i ^ distance;
    return reduce<T, Combine, distance / 2>(combine(v, __builtin_shuffle(v, partner)), combine);
  }
}
template <class T>
inline T reduce_max(Vec<T> v) {
  return reduce<T>(v, [](Vec<T> a, Vec<T> b) { return max<T>(a, b); });
}
template <class T>
inline T reduce_add(Vec<T> v) {
  return reduce<T>(v, [](Vec<T> a, Vec<T> b) { return a + b; });
}

/// All ones in the lanes l with l < count.
template <class T>
inline Vec<Bits<T>> first_lanes(int64_t count) {
  Vec<Bits<T>> lane;
  for (int i = 0; i < kLanes<T>; ++i) lane[i] = i;
  return lane < broadcast(Bits<T>(count));
}

/// 2^x for x <= 0 (a little above is fine); NaN stays NaN. Relative error 1.5e-7: 2^round(x) times a minimax
/// polynomial of degree 5 on [-1/2, 1/2] (error 7.5e-8). Under 2^-126 the result is 2^-126 or less.
inline Vec<float> exp2(Vec<float> x) {
#if defined(__AVX512F__)
  const Vec<float> whole = _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  x = x < -126.0f ? broadcast(-126.0f) : x;
  const Vec<float> shifted = x + 12582912.0f;  // 1.5 * 2^23: the sum's low bits are round(x)
  const Vec<float> whole = shifted - 12582912.0f;
#endif
  const Vec<float> f = x - whole;
  Vec<float> p = f * 1.3276471980556946e-3f + 9.675541333145361e-3f;
  p = p * f + 5.550713273528909e-2f;
  p = p * f + 2.4022119723883853e-1f;
  p = p * f + 6.931469670647696e-1f;
  p = p * f + 1.0000000716546744f;
#if defined(__AVX512F__)
  return _mm512_scalef_ps(p, whole);
#else
  return (Vec<float>)((Vec<int32_t>)p + ((Vec<int32_t>)shifted << 23));
#endif
}
inline Vec<double> exp2(Vec<double> x) {
  for (int i = 0; i < kLanes<double>; ++i) x[i] = std::exp2(x[i]);
  return x;
}

/// Transposes a square of registers: rows[i][j] <-> rows[j][i], by exchanging the off-diagonal blocks of size
/// 1, 2, 4 ...
template <class T, int block = 1>
inline void transpose(Vec<T>* rows) {
  constexpr int L = kLanes<T>;
  if constexpr (block < L) {
    Vec<int32_t> upper, lower;
    static_assert(sizeof(T) == 4);
    for (int i = 0; i < L; ++i) {
      upper[i] = (i & block) ? L + i - block : i;
      lower[i] = (i & block) ? L + i : i + block;
    }
#pragma GCC unroll 16
    for (int i = 0; i < L; ++i) {
      if (i & block) continue;
      const Vec<T> a = rows[i], b = rows[i + block];
      rows[i] = __builtin_shuffle(a, b, upper);
      rows[i + block] = __builtin_shuffle(a, b, lower);
    }
    transpose<T, 2 * block>(rows);
  }
}

}  // namespace uvic::cpu::UVIC_ISA

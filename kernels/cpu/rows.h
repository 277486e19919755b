// What a language model does between its matrix products, each in one pass over memory. Sums are float32.
#pragma once
#include "kernels/cpu/decode.h"
#include "kernels/cpu/rows_problem.h"

namespace uvic::cpu::UVIC_ISA {

inline void store_narrow(float* p, Vec<float> x) {
  store(p, x);
}
// Rounds to nearest even; NaN stays NaN. AVX-512's own instruction makes 0 of what is below 2^-126.
inline void store_narrow(Bf16* p, Vec<float> x) {
#if defined(__AVX512BF16__)
  const __m256bh half = _mm512_cvtneps_pbh(x);
#else
  typedef uint32_t Wide __attribute__((vector_size(kVectorBytes)));
  typedef uint16_t Half __attribute__((vector_size(kVectorBytes / 2)));
  const Wide bits = (Wide)x, rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const Wide no_number = (Wide)(x != x);
  const Half half = __builtin_convertvector((rounded & ~no_number) | (no_number & 0x7fc0u), Half);
#endif
  std::memcpy(p, &half, sizeof half);
}

/// A vector, or as many numbers as are left, the rest 0.
template <class T>
inline Vec<float> load_some(const T* p, int64_t left) {
  if (left >= kLanes<float>) return load_wide(p);
  Vec<float> x = {};
  for (int64_t i = 0; i < left; ++i) x[i] = widen(p[i]);
  return x;
}
template <class T>
inline void store_some(T* p, Vec<float> x, int64_t left) {
  if (left >= kLanes<float>) return store_narrow(p, x);
  for (int64_t i = 0; i < left; ++i) narrow(x[i], p + i);
}

template <class Out>
void norm_rows(const NormRows& p, int64_t begin, int64_t end) {
  constexpr int64_t L = kLanes<float>;
  for (int64_t row = begin; row < end; ++row) {
    const float* x = p.x + row * p.C;
    Out* y = static_cast<Out*>(p.y) + row * p.C;
    Vec<float> squares = {};
    for (int64_t i = 0; i < p.C; i += L) {
      const Vec<float> v = load_some(x + i, p.C - i);
      squares += v * v;
    }
    const float scale = 1 / std::sqrt(reduce_add<float>(squares) / float(p.C) + float(p.eps));
    p.scale[row] = scale;
    for (int64_t i = 0; i < p.C; i += L)
      store_some(y + i, load_some(x + i, p.C - i) * scale * load_some(p.weight + i, p.C - i), p.C - i);
  }
}

/// grad_x = scale (g - x scale^2 mean(g x)) with g = grad_y weight; grad_weight = sum of grad_y x scale.
template <class Out>
void norm_rows_backward(const NormRows& p, int64_t begin, int64_t end) {
  constexpr int64_t L = kLanes<float>;
  for (int64_t i = 0; i < p.C; ++i) p.grad_weight[i] = 0;
  for (int64_t row = begin; row < end; ++row) {
    const float* x = p.x + row * p.C;
    const Out* grad = static_cast<const Out*>(p.grad_y) + row * p.C;
    const float scale = p.scale[row];
    Vec<float> dots = {};
    for (int64_t i = 0; i < p.C; i += L) {
      const int64_t left = p.C - i;
      const Vec<float> v = load_some(x + i, left), g = load_some(grad + i, left);
      dots += g * load_some(p.weight + i, left) * v;
      store_some(p.grad_weight + i, load_some(p.grad_weight + i, left) + g * v * scale, left);
    }
    const float share = reduce_add<float>(dots) * scale * scale / float(p.C);
    for (int64_t i = 0; i < p.C; i += L) {
      const int64_t left = p.C - i;
      const Vec<float> g = load_some(grad + i, left) * load_some(p.weight + i, left);
      store_some(p.grad_x + row * p.C + i, (g - load_some(x + i, left) * share) * scale, left);
    }
  }
}

template <class T>
void rotate_rows(const RotatedRows& p, int64_t begin, int64_t end) {
  constexpr int64_t L = kLanes<float>;
  Vec<int32_t> partner, even, odd;
  Vec<float> turned;
  for (int i = 0; i < L; ++i) {
    partner[i] = i ^ 1, even[i] = i & ~1, odd[i] = i | 1;
    turned[i] = (i & 1) != 0 ? p.sign : -p.sign;
  }
  for (int64_t row = begin; row < end; ++row) {
    const float* angles = p.angles + row % p.period * p.D;
    for (int64_t h = 0; h < p.H; ++h) {
      const T* x = static_cast<const T*>(p.x) + (row * p.H + h) * p.D;
      T* y = static_cast<T*>(p.y) + (row * p.H + h) * p.D;
      for (int64_t i = 0; i < p.D; i += L) {  // (a, b) -> (a c - b s, b c + a s), as D and L are even
        const Vec<float> v = load_some(x + i, p.D - i), angle = load_some(angles + i, p.D - i);
        const Vec<float> cosine = __builtin_shuffle(angle, even), sine = __builtin_shuffle(angle, odd);
        store_some(y + i, v * cosine + __builtin_shuffle(v, partner) * sine * turned, p.D - i);
      }
    }
  }
}

inline Vec<float> sigmoid(Vec<float> x) {
  const Vec<float> e = exp2(abs<float>(x) * -1.4426950408889634f);  // of no more than 0
  return (x < 0.0f ? e : broadcast(1.0f)) / (e + 1.0f);
}

template <class T>
void swiglu_rows(const SwiGluRows& p, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i += kLanes<float>) {
    const Vec<float> gate = load_some(static_cast<const T*>(p.gate) + i, end - i),
                     x = load_some(static_cast<const T*>(p.x) + i, end - i);
    store_some(static_cast<T*>(p.out) + i, gate * x * sigmoid(x), end - i);
  }
}

/// silu'(x) = s (1 + x (1 - s)) with s = sigmoid(x).
template <class T>
void swiglu_rows_backward(const SwiGluRows& p, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i += kLanes<float>) {
    const Vec<float> gate = load_some(static_cast<const T*>(p.gate) + i, end - i),
                     x = load_some(static_cast<const T*>(p.x) + i, end - i),
                     grad = load_some(static_cast<const T*>(p.grad) + i, end - i), s = sigmoid(x);
    store_some(static_cast<T*>(p.grad_gate) + i, grad * x * s, end - i);
    store_some(static_cast<T*>(p.grad_x) + i, grad * gate * s * (x * (1.0f - s) + 1.0f), end - i);
  }
}

}  // namespace uvic::cpu::UVIC_ISA

// What a transformer's block does between its matrix products in training, each in one pass over memory. T is
// what the products read and write; sums are float32.
#pragma once
#include "kernels/cpu/gelu.h"
#include "kernels/cpu/rows.h"

namespace uvic::cpu::UVIC_ISA {

/// to[0 .. left) += x, of as many as a vector has.
inline void add_some(float* to, Vec<float> x, int64_t left) {
  store_some(to, load_some(to, left) + x, left);
}
inline Vec<float> keep_some(Vec<float> x, int64_t left) {
  return left >= kLanes<float> ? x : (Vec<float>)((Vec<int32_t>)x & first_lanes<float>(left));
}

template <class T>
void residual_rows(const ResidualRows& p, int64_t begin, int64_t end) {
  constexpr int64_t L = kLanes<float>;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * p.C;
    const float* sum = (p.change != nullptr ? p.sum : p.x) + at;
    Vec<float> total = {};
    if (p.change != nullptr) {
      for (int64_t i = 0; i < p.C; i += L) {
        const int64_t left = p.C - i;
        Vec<float> v = load_some(static_cast<const T*>(p.change) + at + i, left);
        if (p.bias != nullptr) v += load_some(p.bias + i, left);
        if (p.x != nullptr) v += load_some(p.x + at + i, left);
        store_some(p.sum + at + i, v, left);
        total += v;
      }
    } else {
      for (int64_t i = 0; i < p.C; i += L) total += load_some(sum + i, p.C - i);
    }
    if (p.weight == nullptr) continue;
    const float mean = reduce_add<float>(total) / float(p.C);
    Vec<float> squares = {};
    for (int64_t i = 0; i < p.C; i += L) {
      const Vec<float> v = keep_some(load_some(sum + i, p.C - i) - mean, p.C - i);
      squares += v * v;
    }
    const float scale = 1 / std::sqrt(reduce_add<float>(squares) / float(p.C) + float(p.eps));
    p.mean[row] = mean, p.scale[row] = scale;
    T* normed = static_cast<T*>(p.normed) + at;
    for (int64_t i = 0; i < p.C; i += L) {
      const int64_t left = p.C - i;
      store_some(normed + i,
                 (load_some(sum + i, left) - mean) * scale * load_some(p.weight + i, left) +
                     load_some(p.norm_bias + i, left),
                 left);
    }
  }
}

/// With g = grad_normed weight and y = (sum - mean) scale: grad_sum = grad + scale (g - mean(g) - y mean(g
/// y)).
template <class T>
void residual_rows_backward(const ResidualGrads& p, int64_t begin, int64_t end) {
  constexpr int64_t L = kLanes<float>;
  for (int64_t i = 0; i < p.C; ++i) {
    if (p.grad_normed != nullptr) p.grad_weight[i] = p.grad_norm_bias[i] = 0;
    if (p.grad_bias != nullptr) p.grad_bias[i] = 0;
  }
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * p.C;
    const T* grad_normed = p.grad_normed != nullptr ? static_cast<const T*>(p.grad_normed) + at : nullptr;
    float mean = 0, scale = 0, mean_g = 0, mean_gy = 0;
    if (grad_normed != nullptr) {
      mean = p.mean[row], scale = p.scale[row];
      Vec<float> total = {}, dots = {};
      for (int64_t i = 0; i < p.C; i += L) {
        const int64_t left = p.C - i;
        const Vec<float> grad = load_some(grad_normed + i, left), g = grad * load_some(p.weight + i, left),
                         y = (load_some(p.sum + at + i, left) - mean) * scale;
        total += g, dots += g * y;
        add_some(p.grad_weight + i, grad * y, left);
        add_some(p.grad_norm_bias + i, grad, left);
      }
      mean_g = reduce_add<float>(total) / float(p.C), mean_gy = reduce_add<float>(dots) / float(p.C);
    }
    for (int64_t i = 0; i < p.C; i += L) {
      const int64_t left = p.C - i;
      Vec<float> grad = load_some(p.grad + at + i, left);
      if (grad_normed != nullptr) {
        const Vec<float> g = load_some(grad_normed + i, left) * load_some(p.weight + i, left),
                         y = (load_some(p.sum + at + i, left) - mean) * scale;
        grad += (g - mean_g - y * mean_gy) * scale;
        store_some(p.grad_sum + at + i, grad, left);
      }
      if (p.rounded != nullptr) store_some(static_cast<T*>(p.rounded) + at + i, grad, left);
      if (p.grad_bias != nullptr) add_some(p.grad_bias + i, grad, left);
    }
  }
}

template <class T>
void gelu_rows(const GeluRows& p, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t i = 0; i < p.C; i += kLanes<float>) {
      const int64_t left = p.C - i, at = row * p.C + i;
      const Vec<float> x = load_some(static_cast<const T*>(p.x) + at, left) + load_some(p.bias + i, left);
      store_some(static_cast<T*>(p.out) + at, gelu(x), left);
    }
  }
}

template <class T>
void gelu_rows_backward(const GeluRows& p, int64_t begin, int64_t end) {
  for (int64_t i = 0; i < p.C; ++i) p.grad_bias[i] = 0;
  for (int64_t row = begin; row < end; ++row) {
    for (int64_t i = 0; i < p.C; i += kLanes<float>) {
      const int64_t left = p.C - i, at = row * p.C + i;
      const Vec<float> x = load_some(static_cast<const T*>(p.x) + at, left) + load_some(p.bias + i, left),
                       grad = load_some(static_cast<const T*>(p.grad) + at, left) * gelu_slope(x);
      store_some(static_cast<T*>(p.out) + at, grad, left);
      add_some(p.grad_bias + i, grad, left);
    }
  }
}

template <class T>
inline constexpr RowKernels kRowKernelsOf = {.norm = norm_rows<T>,
                                             .norm_backward = norm_rows_backward<T>,
                                             .rotate = rotate_rows<T>,
                                             .swiglu = swiglu_rows<T>,
                                             .swiglu_backward = swiglu_rows_backward<T>,
                                             .residual = residual_rows<T>,
                                             .residual_backward = residual_rows_backward<T>,
                                             .gelu = gelu_rows<T>,
                                             .gelu_backward = gelu_rows_backward<T>};
inline constexpr RowKernelSet kRowKernels = {.f32 = kRowKernelsOf<float>, .bf16 = kRowKernelsOf<Bf16>};

}  // namespace uvic::cpu::UVIC_ISA

// C [rows, cols] (+)= A [rows, K] B [K, cols] on packed panels. K counts units (units.h).
// B is cut into panels of kPanel = kPanelVectors vectors of columns: [K, kPanel] each, contiguous; the last
// one is as many vectors wide as it must be. With 32 registers the micro-kernel holds 6 x 4 accumulators, 4
// of B and 1 of A: a step does 24 products for 10 loads. With 16 registers it is 6 x 2.
#pragma once
#include "kernels/cpu/units.h"

namespace uvic::cpu::UVIC_ISA {

inline constexpr int64_t kMicroRows = 6;
inline constexpr int kPanelVectors = kVectorBytes == 64 ? 4 : 2;
template <class U>
inline constexpr int64_t kPanel = kPanelVectors* kLanes<typename U::Acc>;

inline constexpr int64_t round_up(int64_t n, int64_t to) {
  return (n + to - 1) / to * to;
}

/// Panels of a B with `depth` units in k and `cols` columns (a multiple of the lanes).
template <class U>
struct Panels {
  const typename U::Unit* data;
  int64_t depth, cols;

  int64_t width(int64_t column) const { return cols - column < kPanel<U> ? cols - column : kPanel<U>; }
  const typename U::Unit* at(int64_t k, int64_t column) const {
    return data + column * depth + k * width(column);  // column is a multiple of kPanel
  }
};

/// A's units: element (i, k) at data[i * row_stride + k * k_stride].
template <class U>
struct Operand {
  const typename U::Unit* data;
  int64_t row_stride, k_stride;
};

// Never inlined: with its epilogue around it g++ 12 spills accumulators, 25 % slower.
template <class U, int NV, bool accumulate>
[[gnu::noinline]] void micro_kernel(int64_t K, Operand<U> a, const typename U::Unit* b, typename U::Acc* c,
                                    int64_t ldc) {
  using Acc = typename U::Acc;
  constexpr int L = kLanes<Acc>;
  Vec<Acc> acc[kMicroRows][NV];
#pragma GCC unroll 6
  for (int i = 0; i < kMicroRows; ++i)
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n) acc[i][n] = accumulate ? load(c + i * ldc + n * L) : Vec<Acc>{};
  for (int64_t k = 0; k < K; ++k) {
    Vec<typename U::Unit> bk[NV];
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n) bk[n] = load(b + n * L);
#pragma GCC unroll 6
    for (int i = 0; i < kMicroRows; ++i) {
      const auto aik = broadcast(a.data[i * a.row_stride]);
#pragma GCC unroll 4
      for (int n = 0; n < NV; ++n) acc[i][n] = U::multiply_add(acc[i][n], aik, bk[n]);
    }
    a.data += a.k_stride;
    b += NV * L;
  }
#pragma GCC unroll 6
  for (int i = 0; i < kMicroRows; ++i)
#pragma GCC unroll 4
    for (int n = 0; n < NV; ++n) store(c + i * ldc + n * L, acc[i][n]);
}

template <class U, bool accumulate>
void multiply_panel(int64_t vectors, int64_t K, Operand<U> a, const typename U::Unit* b, typename U::Acc* c,
                    int64_t ldc) {
  switch (vectors) {
    case 1:
      return micro_kernel<U, 1, accumulate>(K, a, b, c, ldc);
    case 2:
      return micro_kernel<U, 2, accumulate>(K, a, b, c, ldc);
    case 3:
      return micro_kernel<U, 3, accumulate>(K, a, b, c, ldc);
    default:
      return micro_kernel<U, kPanelVectors, accumulate>(K, a, b, c, ldc);
  }
}

/// C's first `rows` (a multiple of kMicroRows) x `cols` from A's and B's units k0 .. k0 + K (A starts at its
/// 0) and B's columns from column0. Panels are the outer loop: one stays in L1 while A's rows pass.
template <class U>
void gemm(int64_t rows, int64_t cols, int64_t K, Operand<U> a, const Panels<U>& b, int64_t k0,
          int64_t column0, typename U::Acc* c, int64_t ldc, bool accumulate) {
  for (int64_t j = 0; j < cols; j += kPanel<U>) {
    const int64_t width = b.width(column0 + j);
    const auto* panel = b.at(k0, column0 + j);
    for (int64_t i = 0; i < rows; i += kMicroRows) {
      const Operand<U> ai{a.data + i * a.row_stride, a.row_stride, a.k_stride};
      const auto run = accumulate ? multiply_panel<U, true> : multiply_panel<U, false>;
      run(width / kLanes<typename U::Acc>, K, ai, panel, c + i * ldc + j, ldc);
    }
  }
}

}  // namespace uvic::cpu::UVIC_ISA

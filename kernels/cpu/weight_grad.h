// dL / dW of y = x W^T, the product over rows of dL / dy and x, in float32. Columns of dL / dy are W's rows:
// an item is a block of those against all of x, whose panels every item reads.
#pragma once
#include "kernels/cpu/blocks.h"
#include "kernels/cpu/linear_problem.h"

namespace uvic::cpu::UVIC_ISA {

class WeightGrad {
  using U = F32;
  static constexpr int64_t L = kLanes<float>;
  // Rows of x at a time: 64 columns of them, 64 KB, stay in L2 while a block of W's rows passes.
  static constexpr int64_t kDepth = 256;
  static int64_t padded(int64_t n) { return round_up(n, L); }

 public:
  static int64_t panel_bytes(int64_t rows, int64_t in) { return rows * padded(in) * int64_t(sizeof(float)); }
  static int64_t panels(int64_t in) { return ceil_div(padded(in), kPanel<U>); }
  static void pack(const WeightGradProblem& p, int64_t item) {
    pack_straight_panel<U>(p.x, p.rows, p.in, padded(p.in), item * kPanel<U>, p.panels);
  }

  static int64_t bytes(const WeightGradProblem& p) { return WeightGrad(p, nullptr).arena_.used(); }
  static void run(const WeightGradProblem& p, int64_t item, char* workspace) {
    WeightGrad(p, workspace).block(item);
  }

 private:
  WeightGrad(const WeightGradProblem& p, char* workspace)
      : p_(p),
        arena_(workspace),
        a_(arena_.take<float>(kDepth * round_up(p.block, kMicroRows))),
        sums_(arena_.take<float>(round_up(p.block, kMicroRows) * padded(p.in))) {}

  void block(int64_t item) {
    const int64_t first = item * p_.block, left = p_.out - first, n = left < p_.block ? left : p_.block;
    const int64_t rows = round_up(n, kMicroRows), cols = padded(p_.in);
    if (p_.accumulate) {
      for (int64_t i = 0; i < n; ++i) std::memcpy(sums_ + i * cols, result(first + i), row_bytes());
    }
    for (int64_t k0 = 0; k0 < p_.rows; k0 += kDepth) {
      const int64_t K = p_.rows - k0 < kDepth ? p_.rows - k0 : kDepth;
      for (int64_t k = 0; k < K; ++k) {
        float* a = a_ + k * rows;
        std::memcpy(a, p_.grad + (k0 + k) * p_.out + first, size_t(n) * sizeof(float));
        for (int64_t i = n; i < rows; ++i) a[i] = 0;
      }
      gemm<U>(rows, cols, K, {a_, 1, rows}, {p_.panels, p_.rows, cols}, k0, 0, sums_, cols,
              p_.accumulate || k0 > 0);
    }
    for (int64_t i = 0; i < n; ++i) std::memcpy(result(first + i), sums_ + i * cols, row_bytes());
  }

  float* result(int64_t row) const { return p_.result + row * p_.in; }
  size_t row_bytes() const { return size_t(p_.in) * sizeof(float); }

  const WeightGradProblem& p_;
  Arena arena_;
  float* a_;     // [kDepth, the block's rows] of dL / dy
  float* sums_;  // [the block's rows, in]
};

inline constexpr WeightGradKernels kWeightGradKernels = {
    WeightGrad::panel_bytes, WeightGrad::panels, WeightGrad::pack, WeightGrad::bytes, WeightGrad::run};

}  // namespace uvic::cpu::UVIC_ISA

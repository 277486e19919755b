// A linear layer of packed weights: rows come in through LayerNorm, rounding or quantisation, a block of them
// meets panel after panel of the weight, and each tile leaves through bias, GELU and residual while it is in
// L1. A row's result depends on no other row, and not on the block that it is in.
#pragma once
#include "kernels/cpu/blocks.h"
#include "kernels/cpu/gelu.h"
#include "kernels/cpu/linear_problem.h"
#include "kernels/cpu/rows.h"
#include "kernels/cpu/weight_grad.h"

namespace uvic::cpu::UVIC_ISA {

/// How numbers become units of U: as they are, rounded by U itself, ...
struct Rounded {
  static constexpr bool kQuantised = false;
};
/// ... or as whole numbers of -127 to 127 times a step, the largest of a row of x (a token), or of the weight
/// (an output), over 127.
struct Quantised {
  static constexpr bool kQuantised = true;
  static constexpr float kMost = 127;
};

template <class U, class Format>
class Linear {
  using Acc = typename U::Acc;
  using Unit = typename U::Unit;
  static constexpr int64_t L = kLanes<float>;
  static_assert(L % U::kPack == 0 && kLanes<Acc> == L);
  static constexpr float kSmallest = 1e-30f;  // a row below it is 0: its step could not be divided by
  static int64_t padded(int64_t n) { return round_up(n, L); }

 public:
  static int64_t panel_bytes(int64_t in, int64_t out) {
    return padded(in) / U::kPack * padded(out) * int64_t(sizeof(Unit));
  }

  static int64_t panels(int64_t out) { return ceil_div(padded(out), kPanel<U>); }
  static void pack(const float* weight, const PackedWeight& to, int64_t item) {
    const int64_t depth = padded(to.in) / U::kPack, first = item * kPanel<U>;
    const int64_t width = Panels<U>{nullptr, depth, padded(to.out)}.width(first);
    for (int64_t j = first; j < first + width; ++j) {
      Unit* column = static_cast<Unit*>(to.panels) + first * depth + (j - first);
      const float* w = weight + j * to.in;
      float step = 1;
      if constexpr (Format::kQuantised) {
        if (j < to.out) to.scales[j] = step = step_of(w, to.in);
      }
      int32_t sum = 0;
      for (int64_t k = 0; k < depth; ++k) {
        float x[U::kPack] = {};
        for (int64_t i = 0; i < U::kPack && j < to.out && k * U::kPack + i < to.in; ++i) {
          x[i] = w[k * U::kPack + i];
          if constexpr (Format::kQuantised) sum += int32_t(x[i] = std::nearbyint(x[i] / step));
        }
        column[k * width] = U::unit_of(x);
      }
      if constexpr (Format::kQuantised) {
        if (j < to.out) to.offsets[j] = sum * U::kZero;
      }
    }
  }

  static int64_t bytes(const LinearProblem& p) { return Linear(p, nullptr).arena_.used(); }
  static void run(const LinearProblem& p, int64_t item, char* workspace) { Linear(p, workspace).block(item); }

 private:
  Linear(const LinearProblem& p, char* workspace)
      : p_(p),
        depth_(padded(p.weight.in) / U::kPack),
        arena_(workspace),
        a_(arena_.take<Unit>(round_up(p.block, kMicroRows) * depth_)),
        row_(arena_.take<float>(padded(p.weight.in))),
        steps_(arena_.take<float>(p.block)),
        tile_(arena_.take<Acc>(round_up(p.block, kMicroRows) * kPanel<U>)) {}

  static float step_of(const float* x, int64_t n) {
    float most = 0;
    for (int64_t i = 0; i < n; ++i) most = std::fabs(x[i]) > most ? std::fabs(x[i]) : most;
    return most > kSmallest ? most / Quantised::kMost : 1;
  }

  void block(int64_t item) {
    const int64_t first = item * p_.block, left = p_.rows - first, n = left < p_.block ? left : p_.block;
    const int64_t rows = round_up(n, kMicroRows), cols = padded(p_.weight.out);
    for (int64_t i = 0; i < n; ++i) take_row(first + i, i);
    std::memset(a_ + n * depth_, 0, size_t((rows - n) * depth_) * sizeof(Unit));
    const Panels<U> panels{static_cast<const Unit*>(p_.weight.panels), depth_, cols};
    const auto finish = p_.y_is_bf16 ? finish_as<Bf16>() : finish_as<float>();
    for (int64_t j = 0; j < cols; j += kPanel<U>) {
      gemm<U>(rows, panels.width(j), depth_, {a_, depth_, 1}, panels, 0, j, tile_, kPanel<U>, false);
      (this->*finish)(first, n, j);
    }
  }

  // Row `row` of x as row i of A.
  void take_row(int64_t row, int64_t i) {
    const int64_t beside = p_.weight.in - p_.x_columns;
    copy_row(p_.x, row, p_.x_columns, 0);
    if (beside > 0) copy_row(p_.beside, row, beside, p_.x_columns);
    const int64_t n = padded(p_.weight.in);
    for (int64_t k = p_.weight.in; k < n; ++k) row_[k] = 0;
    if (p_.norm_weight != nullptr) normalise();
    float factor = 1;
    if constexpr (Format::kQuantised) {
      Vec<float> most = {}, poison = {};  // NaN where the row is not finite: an integer cannot say so
      for (int64_t k = 0; k < n; k += L) {
        most = max<float>(most, abs<float>(load(row_ + k)));
        poison += load(row_ + k) * 0.0f;
      }
      const float largest = reduce_max<float>(most);
      steps_[i] = largest / Quantised::kMost + reduce_add<float>(poison);
      factor = largest > kSmallest ? Quantised::kMost / largest : 0;
    }
    for (int64_t k = 0; k < n; k += L) {
      const Vec<float> x = load(row_ + k);
      U::to_units(Format::kQuantised ? round(x * factor) : x, a_ + i * depth_, k);
    }
  }

  void copy_row(const void* x, int64_t row, int64_t n, int64_t to) {
    const auto copy = [&](const auto* from) {
      for (int64_t k = 0; k < n; k += L) store_some(row_ + to + k, load_some(from + k, n - k), n - k);
    };
    if (p_.x_is_bf16) {
      copy(static_cast<const Bf16*>(x) + row * n);
    } else {
      copy(static_cast<const float*>(x) + row * n);
    }
  }

  // LayerNorm of row_, whose numbers beyond `in` are 0 and stay so.
  void normalise() {
    const int64_t n = p_.weight.in;
    Vec<float> sum = {}, squares = {};
    for (int64_t k = 0; k < n; k += L) sum += load(row_ + k);
    const float mean = reduce_add<float>(sum) / float(n);
    for (int64_t k = 0; k < n; k += L) {
      const Vec<float> x = n - k < L ? within(load(row_ + k) - mean, n - k) : load(row_ + k) - mean;
      squares += x * x;
    }
    const float scale = 1 / std::sqrt(reduce_add<float>(squares) / float(n) + float(p_.norm_eps));
    for (int64_t k = 0; k < n; k += L) {
      const Vec<float> w = load_some(p_.norm_weight + k, n - k), b = load_some(p_.norm_bias + k, n - k);
      store(row_ + k, (load(row_ + k) - mean) * scale * w + b);
    }
  }
  static Vec<float> within(Vec<float> x, int64_t count) {
    return (Vec<float>)((Vec<int32_t>)x & first_lanes<float>(count));
  }

  template <class Out>
  auto finish_as() const {
    return p_.gelu ? &Linear::finish<Out, true> : &Linear::finish<Out, false>;
  }

  // The tile of n rows from `first` and the columns from `column`. What all rows share is read once: a store
  // to y could change it, as far as a compiler knows.
  template <class Out, bool with_gelu>
  void finish(int64_t first, int64_t n, int64_t column) {
    const int64_t out = p_.weight.out, width = out - column < kPanel<U> ? out - column : kPanel<U>;
    const float* bias = p_.bias != nullptr ? p_.bias + column : nullptr;
    const float* scales = Format::kQuantised ? p_.weight.scales + column : nullptr;
    const int32_t* offsets = Format::kQuantised ? p_.weight.offsets + column : nullptr;
    for (int64_t i = 0; i < n; ++i) {
      const Acc* sums = tile_ + i * kPanel<U>;
      const int64_t at = (first + i) * out + column;
      const float step = Format::kQuantised ? steps_[i] : 1;
      const float* residual = p_.residual != nullptr ? p_.residual + at : nullptr;
      Out* to = static_cast<Out*>(p_.y) + at;
      const auto leave = [&](int64_t j, int64_t left) {
        Vec<float> y;
        if constexpr (Format::kQuantised) {
          const Vec<Acc> sum = load(sums + j) - some_offsets(offsets + j, left);
          y = __builtin_convertvector(sum, Vec<float>) * (load_some(scales + j, left) * step);
        } else {
          y = load(sums + j);
        }
        if (bias != nullptr) y += load_some(bias + j, left);
        if constexpr (with_gelu) y = gelu(y);
        if (residual != nullptr) y += load_some(residual + j, left);
        store_some(to + j, y, left);
      };
      int64_t j = 0;
      for (; j + L <= width; j += L) leave(j, L);
      if (j < width) leave(j, width - j);
    }
  }

  // In the accumulators' type.
  static Vec<Acc> some_offsets(const int32_t* from, int64_t left) {
    Vec<int32_t> x = {};
    if (left >= L) {
      x = load(from);
    } else {
      for (int64_t i = 0; i < left; ++i) x[i] = from[i];
    }
    return __builtin_convertvector(x, Vec<Acc>);
  }

  const LinearProblem& p_;
  const int64_t depth_;
  Arena arena_;
  Unit* a_;       // the block's rows
  float* row_;    // one of them before it is rounded
  float* steps_;  // of the rows, where quantised
  Acc* tile_;
};

template <class U, class Format>
inline constexpr LinearKernels kLinearKernelsOf = {Linear<U, Format>::panel_bytes, Linear<U, Format>::panels,
                                                   Linear<U, Format>::pack, Linear<U, Format>::bytes,
                                                   Linear<U, Format>::run};
template <class Bf16Unit, class Int8Unit>
inline constexpr LinearKernelSet kLinearKernels = {kLinearKernelsOf<F32, Rounded>,
                                                   kLinearKernelsOf<Bf16Unit, Rounded>,
                                                   kLinearKernelsOf<Int8Unit, Quantised>, kWeightGradKernels};

}  // namespace uvic::cpu::UVIC_ISA

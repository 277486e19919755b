// dQ, dK, dV from dO, O and lse, a block of queries against a block of keys at a time: five products and one
// pass over the scores, W and dP recomputed in place. Keys that only pad have K = 0, so P = 0: where that is
// what a hidden score is, they need no mask.
#pragma once
#include "kernels/cpu/blocks.h"
#include "kernels/cpu/weighing.h"

namespace uvic::cpu::UVIC_ISA {

template <class Kind, class In, class U>
class Backward {
  using Acc = typename U::Acc;
  using Unit = typename U::Unit;
  static constexpr int64_t L = kLanes<Acc>;
  static constexpr int64_t kCausalQueryBlock = 48;
  static_assert(kCausalQueryBlock % kMicroRows == 0 && kCausalQueryBlock % 2 == 0);
  // Scores and dW of a block: 2 x 72 KB in float32. A multiple of kMicroRows, as keys are rows of dK and dV.
  static constexpr int64_t kKeyBlock = 192;
  static_assert(kKeyBlock % kMicroRows == 0 && kKeyBlock % kPanel<U> == 0);

 public:
  static int64_t blocks(const Problem& p) { return ceil_div(p.N, block_rows(p)); }
  static int64_t bytes(const Problem& p) { return Backward(p, nullptr).arena_.used(); }
  static int64_t partial_bytes(const Problem& p) { return 2 * sums(Shape<U>(p)) * int64_t(sizeof(Acc)); }

  static void run(const Problem& p, int64_t item, char* workspace) {
    Backward pass(p, workspace);
    const Part part = part_of(p, block_rows(p), item);
    pass.pack(part.head);
    pass.dk_ = p.splits > 1 ? partial(p, item) : pass.sums_;
    pass.dv_ = pass.dk_ + sums(pass.shape_);
    std::memset(pass.dk_, 0, size_t(partial_bytes(p)));
    for (int64_t b = part.begin; b < part.end; ++b) pass.block(part.head, b * block_rows(p));
    if (p.splits == 1) write_sums(p, part.head, pass.dk_);
  }

  /// Sums a head's parts in their order: the result does not depend on the threads' timing.
  static void reduce(const Problem& p, int64_t head) {
    const Shape<U> shape(p);
    Acc* total = partial(p, head * p.splits);
    for (int64_t split = 1; split < p.splits; ++split) {
      const Acc* other = partial(p, head * p.splits + split);
      for (int64_t x = 0; x < 2 * sums(shape); x += L) store(total + x, load(total + x) + load(other + x));
    }
    write_sums(p, head, total);
  }

 private:
  static int64_t block_rows(const Problem& p) { return p.causal ? kCausalQueryBlock : kQueryBlock; }

  Backward(const Problem& p, char* workspace)
      : p_(p),
        shape_(p),
        to_log2_(Acc(p.scale * kLog2E)),
        arena_(workspace),
        rows_(arena_.take<Unit>(shape_.keys * shape_.units)),
        k_(arena_.take<Unit>(shape_.keys * shape_.units)),
        v_(arena_.take<Unit>(shape_.keys * shape_.units)),
        k_straight_(arena_.take<Unit>(shape_.keys / U::kPack * shape_.cols)),
        q_(arena_.take<Unit>(kQueryBlock * shape_.units)),
        q_straight_(arena_.take<Unit>(kQueryBlock / U::kPack * shape_.cols)),
        do_(arena_.take<Unit>(kQueryBlock * shape_.units)),
        do_straight_(arena_.take<Unit>(kQueryBlock / U::kPack * shape_.cols)),
        scores_(arena_.take<Acc>(kQueryBlock * kKeyBlock + kMicroRows)),
        dw_(arena_.take<Acc>(kQueryBlock * kKeyBlock + kMicroRows)),
        dq_(arena_.take<Acc>(kQueryBlock * shape_.cols)),
        lse_(arena_.take<Acc>(kQueryBlock)),
        dot_(arena_.take<Acc>(kQueryBlock)),
        sums_(p.splits > 1 ? nullptr : arena_.take<Acc>(2 * sums(shape_))) {}

  // Numbers of a sum of dK or dV: the last block of keys is rounded up to whole micro-kernel rows.
  static int64_t sums(const Shape<U>& shape) { return round_up(shape.keys, kMicroRows) * shape.cols; }
  static Acc* partial(const Problem& p, int64_t item) {
    return reinterpret_cast<Acc*>(p.partials + item * partial_bytes(p));
  }

  static void write_sums(const Problem& p, int64_t head, const Acc* dk_and_dv) {
    const Shape<U> shape(p);
    const auto write = [&](const Acc* acc, const View& to) {
      const Rows<In> rows = rows_of<In>(to, p, head, 0, p.M);
      unpack_rows(acc, shape.cols, p.M, p.D, const_cast<In*>(rows.data), rows.stride,
                  [](int64_t) { return Acc(1); });
    };
    write(dk_and_dv, p.grad_k);
    write(dk_and_dv + sums(shape), p.grad_v);
  }

  void pack(int64_t head) {
    pack_rows<U>(rows_of<In>(p_.v, p_, head, 0, p_.M), shape_.keys, rows_);
    pack_transposed<U>(rows_, shape_.units, shape_.keys, v_);
    pack_rows<U>(rows_of<In>(p_.k, p_, head, 0, p_.M), shape_.keys, rows_);
    pack_transposed<U>(rows_, shape_.units, shape_.keys, k_);
    pack_straight<U>(rows_, shape_.keys, p_.D, shape_.cols, k_straight_);
  }

  void block(int64_t head, int64_t first) {
    const int64_t left = p_.N - first, n = left < block_rows(p_) ? left : block_rows(p_);
    const int64_t rows = round_up(n, kMicroRows);
    pack_queries(head, first, n, rows);
    const int64_t C = shape_.cols, units = shape_.units, row_units = rows / U::kPack;
    const Panels<U> k{k_, units, shape_.keys}, v{v_, units, shape_.keys},
        keys{k_straight_, shape_.keys / U::kPack, C}, queries{q_straight_, row_units, C},
        grads{do_straight_, row_units, C};
    // Cut to whole vectors that are whole micro-kernel rows too, so that no row of dK or dV is only half
    // computed.
    static_assert(3 * L % kMicroRows == 0);
    const int64_t seen = round_up(visible_keys(p_, first + n - 1), 3 * L);
    const int64_t end = seen < shape_.keys ? seen : shape_.keys;
    for (int64_t j = 0; j < end; j += kKeyBlock) {
      const int64_t cols = end - j < kKeyBlock ? end - j : kKeyBlock, key_rows = round_up(cols, kMicroRows);
      gemm<U>(rows, cols, units, {q_, units, 1}, k, 0, j, scores_, kKeyBlock, false);
      gemm<U>(rows, cols, units, {do_, units, 1}, v, 0, j, dw_, kKeyBlock, false);
      if (p_.causal || Kind::kHidden != 0) hide(first, n, j, cols);
      const auto [w_t, dp_t] = differentiate(rows, cols);
      const Operand<U> dp{reinterpret_cast<const Unit*>(dw_), kKeyBlock, 1};
      gemm<U>(rows, C, cols / U::kPack, dp, keys, j / U::kPack, 0, dq_, C, j > 0);
      gemm<U>(key_rows, C, row_units, w_t, grads, 0, 0, dv_ + j * C, C, true);
      gemm<U>(key_rows, C, row_units, dp_t, queries, 0, 0, dk_ + j * C, C, true);
    }
    const Rows<In> to = rows_of<In>(p_.grad_q, p_, head, first, n);
    unpack_rows(dq_, C, n, p_.D, const_cast<In*>(to.data), to.stride, [](int64_t) { return Acc(1); });
  }

  // Q and dO in rows and in panels, lse in powers of two, dot = rowsum(dO * O). Padding rows are zero.
  void pack_queries(int64_t head, int64_t first, int64_t n, int64_t rows) {
    const Rows<In> grad = rows_of<In>(p_.grad_out, p_, head, first, n),
                   out = rows_of<In>(p_.out, p_, head, first, n);
    pack_rows<U>(rows_of<In>(p_.q, p_, head, first, n), rows, q_);
    pack_rows<U>(grad, rows, do_);
    pack_straight<U>(q_, rows, p_.D, shape_.cols, q_straight_);
    pack_straight<U>(do_, rows, p_.D, shape_.cols, do_straight_);
    const Acc* lse = lse_of<const Acc>(p_, head) + first;
    for (int64_t i = 0; i < rows; ++i) {
      Acc sum = 0;
      for (int64_t d = 0; i < n && d < p_.D; ++d) sum += Acc(widen(grad[i][d])) * Acc(widen(out[i][d]));
      dot_[i] = sum;
      lse_[i] = i < n ? Acc(double(lse[i]) * kLog2E) : Acc(0);
    }
  }

  // Scores that a query must not see, of keys key0 .. key0 + cols. Row i of the block is query first + i.
  void hide(int64_t first, int64_t n, int64_t key0, int64_t cols) {
    for (int64_t i = 0; i < n; ++i) {
      const int64_t seen = visible_keys(p_, first + i) - key0;
      for (int64_t j = seen > 0 ? seen : 0; j < cols; ++j) scores_[i * kKeyBlock + j] = Acc(Kind::kHidden);
    }
  }

  struct Transposed {
    Operand<U> w, dp;
  };

  // scores -> W, dw -> dP, in units. Where products sum over rows in pairs, rows 2t and 2t + 1 of W share row
  // 2t of scores, and those of dP row 2t + 1; dP by rows stays in dw.
  Transposed differentiate(int64_t rows, int64_t cols) {
    for (int64_t i = 0; i < rows; i += U::kPack) {
      Acc* s = scores_ + i * kKeyBlock;
      Acc* dw = dw_ + i * kKeyBlock;
      if constexpr (U::kPack == 1) {
        for (int64_t j = 0; j < cols; j += L) {
          const auto [w, dp] = weight_and_gradient(i, load(s + j), load(dw + j));
          store(s + j, w);
          store(dw + j, dp);
        }
      } else {
        Acc* s1 = s + kKeyBlock;
        Acc* dw1 = dw + kKeyBlock;
        for (int64_t j = 0; j < cols; j += L) {
          const auto a = weight_and_gradient(i, load(s + j), load(dw + j));
          const auto b = weight_and_gradient(i + 1, load(s1 + j), load(dw1 + j));
          store(reinterpret_cast<Unit*>(s) + j, U::pair_rows(a.w, b.w));
          store(reinterpret_cast<Unit*>(s1) + j, U::pair_rows(a.dp, b.dp));
          U::to_units(a.dp, reinterpret_cast<Unit*>(dw), j);
          U::to_units(b.dp, reinterpret_cast<Unit*>(dw1), j);
        }
      }
    }
    const Unit* s = reinterpret_cast<const Unit*>(scores_);
    if constexpr (U::kPack == 1) {
      return {{s, 1, kKeyBlock}, {reinterpret_cast<const Unit*>(dw_), 1, kKeyBlock}};
    } else {
      return {{s, 1, 2 * kKeyBlock}, {s + kKeyBlock, 1, 2 * kKeyBlock}};
    }
  }

  struct Pair {
    Vec<Acc> w, dp;
  };

  // W and scale * dP of row i.
  Pair weight_and_gradient(int64_t i, Vec<Acc> s, Vec<Acc> dw) const {
    const Vec<Acc> e = exp2(Kind::template bound<Acc>(s) * to_log2_ - lse_[i]);
    return {Kind::template weight<Acc>(s, e),
            Kind::template gradient<Acc>(s, e * Acc(p_.scale), dw, dot_[i])};
  }

  const Problem& p_;
  const Shape<U> shape_;
  const Acc to_log2_;
  Arena arena_;
  Unit *rows_, *k_, *v_, *k_straight_;          // the head's: K^T, V^T and K in panels (rows_ is scratch)
  Unit *q_, *q_straight_, *do_, *do_straight_;  // the block's Q and dO, in rows and in panels
  Acc *scores_, *dw_, *dq_, *lse_, *dot_;       // the block's
  Acc* sums_;                                   // where dk_ and dv_ lie unless a head is split
  Acc *dk_ = nullptr, *dv_ = nullptr;           // of the head, or of a part of its queries
};

}  // namespace uvic::cpu::UVIC_ISA

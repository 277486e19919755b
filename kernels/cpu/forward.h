// O = W V and lse, a block of queries at a time. Up to kWholeRow keys the scores of a block are kept whole;
// beyond that they come in blocks of keys with a running maximum and sum, as in FlashAttention.
#pragma once
#include "kernels/cpu/blocks.h"
#include "kernels/cpu/weighing.h"

namespace uvic::cpu::UVIC_ISA {

template <class Kind, class In, class U>
class Forward {
  using Acc = typename U::Acc;
  using Unit = typename U::Unit;
  static constexpr int64_t L = kLanes<Acc>;
  static constexpr int64_t kCausalQueryBlock = 24;
  static_assert(kCausalQueryBlock % kMicroRows == 0 && kCausalQueryBlock % 2 == 0);
  static constexpr int64_t kWholeRow = 576, kKeyBlock = 384;
  static constexpr int64_t kProductKeys = 96;  // V's rows of one pass of W V: 24 KB in float32 at D = 64

 public:
  static int64_t blocks(const Problem& p) { return ceil_div(p.N, block_rows(p)); }
  static int64_t bytes(const Problem& p) { return Forward(p, nullptr).arena_.used(); }

  static void run(const Problem& p, int64_t item, char* workspace) {
    Forward pass(p, workspace);
    const Part part = part_of(p, block_rows(p), item);
    pass.pack(part.head);
    for (int64_t b = part.begin; b < part.end; ++b) pass.block(part.head, b * block_rows(p));
  }

 private:
  static int64_t block_rows(const Problem& p) { return p.causal ? kCausalQueryBlock : kQueryBlock; }

  Forward(const Problem& p, char* workspace)
      : p_(p),
        shape_(p),
        key_block_(shape_.keys <= kWholeRow ? shape_.keys : kKeyBlock),
        ld_(round_up(key_block_, kPanel<U>)),
        to_log2_(Acc(p.scale * kLog2E)),
        arena_(workspace),
        rows_(arena_.take<Unit>(shape_.keys * shape_.units)),
        k_(arena_.take<Unit>(shape_.keys * shape_.units)),
        v_(arena_.take<Unit>(shape_.keys / U::kPack * shape_.cols)),
        q_(arena_.take<Unit>(kQueryBlock * shape_.units)),
        scores_(arena_.take<Acc>(kQueryBlock * ld_)),
        out_(arena_.take<Acc>(kQueryBlock * shape_.cols)),
        max_(arena_.take<Acc>(kQueryBlock)),
        sum_(arena_.take<Acc>(kQueryBlock)) {}

  void pack(int64_t head) {
    pack_rows<U>(rows_of<In>(p_.k, p_, head, 0, p_.M), shape_.keys, rows_);
    pack_transposed<U>(rows_, shape_.units, shape_.keys, k_);
    pack_rows<U>(rows_of<In>(p_.v, p_, head, 0, p_.M), shape_.keys, rows_);
    pack_straight<U>(rows_, shape_.keys, p_.D, shape_.cols, v_);
  }

  void block(int64_t head, int64_t first) {
    const int64_t left = p_.N - first, n = left < block_rows(p_) ? left : block_rows(p_);
    const int64_t rows = round_up(n, kMicroRows);
    pack_rows<U>(rows_of<In>(p_.q, p_, head, first, n), rows, q_);
    for (int64_t i = 0; i < n; ++i) max_[i] = Acc(Kind::kStart), sum_[i] = 0;
    const Panels<U> k{k_, shape_.units, shape_.keys}, v{v_, shape_.keys / U::kPack, shape_.cols};
    const int64_t end = round_up(visible_keys(p_, first + n - 1), L);
    for (int64_t j = 0; j < end; j += key_block_) {
      const int64_t cols = end - j < key_block_ ? end - j : key_block_;
      gemm<U>(rows, cols, shape_.units, {q_, shape_.units, 1}, k, 0, j, scores_, ld_, false);
      for (int64_t i = 0; i < n; ++i) weigh(i, visible_keys(p_, first + i) - j, cols, j > 0);
      for (int64_t part = 0; part < cols; part += kProductKeys) {
        const int64_t keys = cols - part < kProductKeys ? cols - part : kProductKeys;
        const Operand<U> w{reinterpret_cast<const Unit*>(scores_) + part / U::kPack, ld_, 1};
        gemm<U>(rows, shape_.cols, keys / U::kPack, w, v, (j + part) / U::kPack, 0, out_, shape_.cols,
                j + part > 0);
      }
    }
    finish(head, first, n);
  }

  // Row i's scores become weights, times their sum and 2^-max; zero from `limit` on.
  void weigh(int64_t i, int64_t limit, int64_t cols, bool rescale) {
    Acc* row = scores_ + i * ld_;
    if (limit > cols) limit = cols;
    const int64_t whole = limit > 0 ? limit / L * L : 0;
    const auto tail = first_lanes<Acc>(limit - whole);
    const auto tail_of = [&](Vec<Acc> x) { return (Vec<Acc>)((Vec<Bits<Acc>>)x & tail); };
    const Vec<Acc> start = broadcast(Acc(Kind::kStart));
    const auto bound = [](Vec<Acc> s) { return Kind::template bound<Acc>(s); };
    Vec<Acc> largest = start;
    for (int64_t j = 0; j < whole; j += L) largest = max<Acc>(largest, bound(load(row + j)));
    if (whole < limit) largest = max<Acc>(largest, tail ? bound(load(row + whole)) : start);
    const Acc before = max_[i], here = reduce_max<Acc>(largest) * to_log2_;
    const Acc top = here > before ? here : before;
    const auto exponential = [&](Vec<Acc> s) { return exp2(bound(s) * to_log2_ - top); };
    const auto put = [&](Vec<Acc> s, Vec<Acc> e, int64_t j) {
      U::to_units(Kind::template weight<Acc>(s, e), reinterpret_cast<Unit*>(row), j);
    };

    Vec<Acc> sum{};
    for (int64_t j = 0; j < whole; j += L) {
      const Vec<Acc> s = load(row + j), e = exponential(s);
      sum += e;
      put(s, e, j);
    }
    for (int64_t j = whole; j < cols; j += L) {
      const Vec<Acc> s = load(row + j), e = j < limit ? tail_of(exponential(s)) : Vec<Acc>{};
      sum += e;
      put(s, e, j);
    }
    if (rescale && top > before) {
      const Acc factor = std::exp2(before - top);
      sum_[i] *= factor;
      for (int64_t d = 0; d < shape_.cols; d += L)
        store(out_ + i * shape_.cols + d, load(out_ + i * shape_.cols + d) * factor);
    }
    max_[i] = top;
    sum_[i] += reduce_add<Acc>(sum);
  }

  void finish(int64_t head, int64_t first, int64_t n) {
    const Rows<In> to = rows_of<In>(p_.out, p_, head, first, n);
    unpack_rows(out_, shape_.cols, n, p_.D, const_cast<In*>(to.data), to.stride,
                [&](int64_t i) { return Acc(1) / sum_[i]; });
    Acc* lse = lse_of<Acc>(p_, head) + first;
    for (int64_t i = 0; i < n; ++i) lse[i] = Acc((double(max_[i]) + std::log2(double(sum_[i]))) * kLn2);
  }

  const Problem& p_;
  const Shape<U> shape_;
  const int64_t key_block_, ld_;
  const Acc to_log2_;
  Arena arena_;
  Unit *rows_, *k_, *v_, *q_;  // K and V of the head in panels (rows_ is scratch), Q of the block in rows
  Acc *scores_, *out_, *max_, *sum_;  // of the block; max_ in powers of two
};

}  // namespace uvic::cpu::UVIC_ISA

// How both passes walk a head: blocks of queries against blocks of keys, and where their buffers lie.
#pragma once
#include "kernels/cpu/kernel.h"
#include "kernels/cpu/pack.h"

namespace uvic::cpu::UVIC_ISA {

// 96 rows of Q, 24 KB at D = 64 in float32, share L1 with one panel of K (16 KB); 48 to 192 measure alike.
// Under a causal mask half of what a block computes on the diagonal is in vain, so there each pass has fewer:
// at N = 64 to 512 that saves 5 to 17 % (Xeon, AVX-512 and AVX2, November 2026).
inline constexpr int64_t kQueryBlock = 96;
static_assert(kQueryBlock % kMicroRows == 0 && kQueryBlock % 2 == 0);

inline constexpr double kLog2E = 1.4426950408889634, kLn2 = 0.6931471805599453;

/// Hands out 64-byte aligned pieces of a workspace; with a null base it only counts.
class Arena {
 public:
  explicit Arena(char* base) : base_(base) {}
  template <class T>
  T* take(int64_t n) {
    char* piece = base_ + used_;
    used_ += round_up(n * int64_t(sizeof(T)), 64);
    return reinterpret_cast<T*>(piece);
  }
  int64_t used() const { return used_; }

 private:
  char* base_;
  int64_t used_ = 0;
};

inline int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Rows first .. first + n of the problem's head `head`.
template <class In>
Rows<In> rows_of(const View& x, const Problem& p, int64_t head, int64_t first, int64_t n) {
  const int64_t b = (p.first_head + head) / p.H, h = (p.first_head + head) % p.H;
  const In* base = static_cast<const In*>(x.data) + b * x.batch + h * x.head;
  return {base + (p.first_token + first) * x.row, x.row, n, p.D};
}

/// The problem's statistics of head `head`.
template <class Acc>
Acc* lse_of(const Problem& p, int64_t head) {
  return static_cast<Acc*>(p.lse) + (p.first_head + head) * p.lse_stride + p.first_token;
}

/// Keys that query i sees: the first so many.
inline int64_t visible_keys(const Problem& p, int64_t i) {
  return p.causal ? i + p.M - p.N + 1 : p.M;
}

/// The first block, of `rows` queries, of part `split` of a head's. Parts are as equal as whole blocks allow,
/// measured by the keys that blocks see: under a causal mask the first ones see few.
inline int64_t first_block(const Problem& p, int64_t rows, int64_t split) {
  const auto seen_before = [&](int64_t b) {
    return p.causal ? b * (p.M - p.N) + rows * b * (b + 1) / 2 : b * p.M;
  };
  const int64_t all = seen_before(ceil_div(p.N, rows));
  int64_t b = 0;
  while ((seen_before(b) + seen_before(b + 1)) * p.splits < 2 * all * split) ++b;
  return b;
}

/// A work item: a head and some of its blocks of `rows` queries.
struct Part {
  int64_t head, begin, end;
};
inline Part part_of(const Problem& p, int64_t rows, int64_t item) {
  const int64_t split = item % p.splits;
  return {item / p.splits, first_block(p, rows, split), first_block(p, rows, split + 1)};
}

/// Sizes shared by the buffers of a head.
template <class U>
struct Shape {
  static constexpr int64_t L = kLanes<typename U::Acc>;
  explicit Shape(const Problem& p) : units(p.D / U::kPack), keys(round_up(p.M, L)), cols(round_up(p.D, L)) {}
  int64_t units;  ///< of a row of D numbers
  int64_t keys;   ///< M, padded: the panels' columns
  int64_t cols;   ///< D, padded: the accumulators' columns
};

}  // namespace uvic::cpu::UVIC_ISA

// Brings rows of q, k, v and dO, [n, D] with any row stride, into what gemm.h multiplies.
#pragma once
#include "kernels/cpu/gemm.h"

namespace uvic::cpu::UVIC_ISA {

/// `n` rows of D numbers, `stride` numbers apart.
template <class In>
struct Rows {
  const In* data;
  int64_t stride, n, D;
  const In* operator[](int64_t i) const { return data + i * stride; }
};

/// Units of rows: to[i][d / kPack], rows n .. padded all zero. to: [padded, D / kPack].
template <class U, class In>
void pack_rows(const Rows<In>& rows, int64_t padded, typename U::Unit* to) {
  const int64_t units = rows.D / U::kPack;
  for (int64_t i = 0; i < padded; ++i, to += units) {
    if (i >= rows.n) {
      std::memset(to, 0, size_t(units) * sizeof(*to));
    } else if constexpr (sizeof(In) * U::kPack == sizeof(typename U::Unit)) {
      std::memcpy(to, rows[i], size_t(rows.D) * sizeof(In));
    } else {
      for (int64_t d = 0; d < rows.D; ++d) to[d] = widen(rows[i][d]);
    }
  }
}

/// Panels of the transpose: k runs over D, columns over the rows. `units` [cols, depth] holds packed rows.
template <class U>
void pack_transposed(const typename U::Unit* units, int64_t depth, int64_t cols, typename U::Unit* to) {
  using Unit = typename U::Unit;
  constexpr int L = kLanes<Unit>;
  const Panels<U> panels{to, depth, cols};
  for (int64_t j = 0; j < cols; j += L) {
    const int64_t first = j / kPanel<U> * kPanel<U>, width = panels.width(first);
    Unit* column = to + first * depth + (j - first);
    int64_t k = 0;
    if constexpr (sizeof(Unit) == 4) {
      for (; k + L <= depth; k += L) {
        Vec<Unit> block[L];
#pragma GCC unroll 16
        for (int i = 0; i < L; ++i) block[i] = load(units + (j + i) * depth + k);
        transpose<Unit>(block);
#pragma GCC unroll 16
        for (int i = 0; i < L; ++i) store(column + (k + i) * width, block[i]);
      }
    }
    for (; k < depth; ++k)
      for (int i = 0; i < L; ++i) column[k * width + i] = units[(j + i) * depth + k];
  }
}

/// A panel of the rows themselves, its columns from `first`: k runs over the rows (n, then zeros up to
/// `padded`), columns over D, zero from D to `cols`. `units` are packed rows, [padded, D / kPack]; kPack rows
/// share a unit.
template <class U>
void pack_straight_panel(const typename U::Unit* units, int64_t padded, int64_t D, int64_t cols,
                         int64_t first, typename U::Unit* to) {
  using Unit = typename U::Unit;
  const int64_t depth = padded / U::kPack, width = Panels<U>{to, depth, cols}.width(first);
  const int64_t filled = D - first < width ? D - first : width;
  Unit* row = to + first * depth;
  for (int64_t k = 0; k < depth; ++k, row += width) {
    if constexpr (U::kPack == 1) {
      std::memcpy(row, units + k * D + first, size_t(filled) * sizeof(Unit));
    } else {
      const Unit* a = units + k * D + first / 2;  // rows 2k and 2k + 1, D / 2 units each
      const Unit* b = a + D / 2;
      for (int64_t d = 0; d < filled / 2; ++d) {
        row[2 * d] = Unit((uint32_t(a[d]) & 0xffffu) | (uint32_t(b[d]) << 16));
        row[2 * d + 1] = Unit((uint32_t(a[d]) >> 16) | (uint32_t(b[d]) & 0xffff0000u));
      }
    }
    for (int64_t d = filled; d < width; ++d) row[d] = Unit(0);
  }
}

/// All of them.
template <class U>
void pack_straight(const typename U::Unit* units, int64_t padded, int64_t D, int64_t cols,
                   typename U::Unit* to) {
  for (int64_t j = 0; j < cols; j += kPanel<U>) pack_straight_panel<U>(units, padded, D, cols, j, to);
}

/// Writes acc [n, ld] times factor(i), rounded, to rows of `stride`.
template <class Acc, class Out, class Factor>
void unpack_rows(const Acc* acc, int64_t ld, int64_t n, int64_t D, Out* to, int64_t stride, Factor factor) {
  for (int64_t i = 0; i < n; ++i) {
    const Acc f = factor(i);
    for (int64_t d = 0; d < D; ++d) narrow(acc[i * ld + d] * f, to + i * stride + d);
  }
}

}  // namespace uvic::cpu::UVIC_ISA

// Included last by the unit of each instruction set, which defines UVIC_ISA and gets the flags.
#pragma once
#include "kernels/cpu/backward.h"
#include "kernels/cpu/block_rows.h"
#include "kernels/cpu/decode.h"
#include "kernels/cpu/forward.h"
#include "kernels/cpu/linear.h"

namespace uvic::cpu::UVIC_ISA {

template <class Kind, class In, class U>
constexpr Kernels kernels_of() {
  using F = Forward<Kind, In, U>;
  using B = Backward<Kind, In, U>;
  return {F::blocks, F::bytes, F::run, B::blocks, B::bytes, B::partial_bytes, B::run, B::reduce};
}

template <class Kind, class Bf16Unit>
const KernelSet* kernel_set() {
  static constexpr KernelSet set{kernels_of<Kind, float, F32>(), kernels_of<Kind, Bf16, Bf16Unit>(),
                                 kernels_of<Kind, double, F64>()};
  return &set;
}

/// The table of kinds.
template <class Bf16Unit>
const KernelSet* kernels_of_kind(AttentionKind kind) {
  switch (kind) {
    case AttentionKind::kCog:
      return kernel_set<Cog, Bf16Unit>();
    case AttentionKind::kSoftmax:
      return kernel_set<Softmax, Bf16Unit>();
    default:
      return nullptr;
  }
}

}  // namespace uvic::cpu::UVIC_ISA

// Included last by the unit of each instruction set, which defines UVIC_ISA and gets the flags.
#pragma once
#include "kernels/cpu/backward.h"
#include "kernels/cpu/forward.h"

namespace uvic::cpu::UVIC_ISA {

template <class In, class U>
constexpr Kernels kernels_of() {
  return {query_blocks,           Forward<In, U>::bytes,          Forward<In, U>::run,
          Backward<In, U>::bytes, Backward<In, U>::partial_bytes, Backward<In, U>::run,
          Backward<In, U>::reduce};
}

template <class Bf16Unit>
const KernelSet& kernel_set() {
  static constexpr KernelSet set{kernels_of<float, F32>(), kernels_of<Bf16, Bf16Unit>(),
                                 kernels_of<double, F64>()};
  return set;
}

}  // namespace uvic::cpu::UVIC_ISA

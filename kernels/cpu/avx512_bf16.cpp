#define UVIC_ISA avx512_bf16
#include "kernels/cpu/isa.h"

namespace uvic::cpu {
const KernelSet& avx512_bf16_kernels() {
  return avx512_bf16::kernel_set<avx512_bf16::Bf16Pair>();
}
}  // namespace uvic::cpu

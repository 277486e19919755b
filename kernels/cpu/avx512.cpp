#define UVIC_ISA avx512
#include "kernels/cpu/isa.h"

namespace uvic::cpu {
const KernelSet& avx512_kernels() {
  return avx512::kernel_set<avx512::F32>();
}
}  // namespace uvic::cpu

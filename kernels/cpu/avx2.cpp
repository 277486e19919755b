#define UVIC_ISA avx2
#include "kernels/cpu/isa.h"

namespace uvic::cpu {
const KernelSet& avx2_kernels() {
  return avx2::kernel_set<avx2::F32>();
}
}  // namespace uvic::cpu

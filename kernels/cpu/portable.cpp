#define UVIC_ISA portable
#include "kernels/cpu/isa.h"

namespace uvic::cpu {
const KernelSet& portable_kernels() {
  return portable::kernel_set<portable::F32>();
}
}  // namespace uvic::cpu

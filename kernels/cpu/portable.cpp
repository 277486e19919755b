#define UVIC_ISA portable
#include "kernels/cpu/isa.h"

namespace uvic::cpu {
const KernelSet* portable_kernels(AttentionKind kind) {
  return portable::kernels_of_kind<portable::F32>(kind);
}
const DecodeKernels& portable_decode() {
  return portable::kDecodeKernels;
}
const RowKernelSet& portable_rows() {
  return portable::kRowKernels;
}
const LinearKernelSet& portable_linear() {
  return portable::kLinearKernels<portable::F32, portable::F32>;
}
}  // namespace uvic::cpu

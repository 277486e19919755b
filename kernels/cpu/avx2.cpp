#define UVIC_ISA avx2
#include "kernels/cpu/isa.h"

namespace uvic::cpu {
const KernelSet* avx2_kernels(AttentionKind kind) {
  return avx2::kernels_of_kind<avx2::F32>(kind);
}
const DecodeKernels& avx2_decode() {
  return avx2::kDecodeKernels;
}
const RowKernelSet& avx2_rows() {
  return avx2::kRowKernels;
}
const LinearKernelSet& avx2_linear() {
  return avx2::kLinearKernels<avx2::F32, avx2::F32>;
}
}  // namespace uvic::cpu

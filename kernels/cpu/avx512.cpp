#define UVIC_ISA avx512
#include "kernels/cpu/isa.h"

namespace uvic::cpu {
const KernelSet* avx512_kernels(AttentionKind kind) {
  return avx512::kernels_of_kind<avx512::F32>(kind);
}
const DecodeKernels& avx512_decode() {
  return avx512::kDecodeKernels;
}
const RowKernelSet& avx512_rows() {
  return avx512::kRowKernels;
}
const LinearKernelSet& avx512_linear() {
  return avx512::kLinearKernels<avx512::F32, avx512::F32>;
}
}  // namespace uvic::cpu

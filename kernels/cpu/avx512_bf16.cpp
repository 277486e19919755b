#define UVIC_ISA avx512_bf16
#include "kernels/cpu/isa.h"

namespace uvic::cpu {
const KernelSet* avx512_bf16_kernels(AttentionKind kind) {
  return avx512_bf16::kernels_of_kind<avx512_bf16::Bf16Pair>(kind);
}
const DecodeKernels& avx512_bf16_decode() {
  return avx512_bf16::kDecodeKernels;
}
const RowKernelSet& avx512_bf16_rows() {
  return avx512_bf16::kRowKernels;
}
}  // namespace uvic::cpu

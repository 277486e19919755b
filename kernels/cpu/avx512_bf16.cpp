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
const LinearKernelSet& avx512_bf16_linear() {
  return avx512_bf16::kLinearKernels<avx512_bf16::Bf16Pair, avx512_bf16::ByteQuad>;
}
}  // namespace uvic::cpu

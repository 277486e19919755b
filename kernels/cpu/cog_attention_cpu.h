// The fused attention of the CPU: O(N) memory a head, no [N, M] matrix.
#pragma once
#include <ATen/core/Tensor.h>

#include <string>
#include <tuple>
#include <vector>

#include "kernels/cpu/decode_problem.h"
#include "kernels/cpu/kernel.h"
#include "kernels/cpu/linear_problem.h"
#include "kernels/cpu/rows_problem.h"

namespace uvic::cpu {

/// A build of the kernels.
struct Isa {
  std::string name;                                 ///< "AVX-512 bf16", "AVX-512", "AVX2", "portable"
  const KernelSet* (*kernels)(AttentionKind kind);  ///< null for a kind that has none
  const DecodeKernels& (*decode)() = nullptr;       ///< see kernels/decode.h
  const RowKernelSet& (*rows)() = nullptr;          ///< see kernels/rows.h
  const LinearKernelSet& (*linear)() = nullptr;     ///< see kernels/linear.h
};

/// The builds that this CPU can run, the fastest first.
const std::vector<Isa>& supported_isas();

/// The fastest of them within LibTorch's CPU capability (ATEN_CPU_CAPABILITY lowers it), so that one setting
/// decides for both.
const Isa& default_isa();

/// See kernels/cog_attention.h; inputs are checked, and such that choose_kernel says fused; `documents` is
/// what cu_seqlens holds. Deterministic: equal inputs give equal bits, in the forward for any number of
/// threads, in the backward for any number while B * H >= threads; and a document has the bits that it has
/// alone.
std::tuple<at::Tensor, at::Tensor> forward(const Isa& isa, AttentionKind kind, const at::Tensor& q,
                                           const at::Tensor& k, const at::Tensor& v, double scale,
                                           bool causal, at::IntArrayRef documents = {});
std::tuple<at::Tensor, at::Tensor, at::Tensor> backward(const Isa& isa, AttentionKind kind,
                                                        const at::Tensor& grad_out, const at::Tensor& q,
                                                        const at::Tensor& k, const at::Tensor& v,
                                                        const at::Tensor& out, const at::Tensor& lse,
                                                        double scale, bool causal,
                                                        at::IntArrayRef documents = {});

}  // namespace uvic::cpu

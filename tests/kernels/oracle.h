// What the tests of every fused kernel share: the float64 oracle, inputs, measures of error.
#pragma once
#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "kernels/reference.h"

namespace uvic::testing {

/// q, k, v, dO and what an implementation makes of them.
struct AttentionCase {
  at::Tensor q, k, v, grad_out;
  double scale = 1;
  bool causal = false;
  AttentionKind kind = AttentionKind::kCog;
  std::vector<int64_t> documents = {};  // what cu_seqlens holds
};
struct AttentionResult {
  at::Tensor out, lse, grad_q, grad_k, grad_v;
  std::vector<std::pair<const char*, at::Tensor>> gradients() const {
    return {{"grad_q", grad_q}, {"grad_k", grad_k}, {"grad_v", grad_v}};
  }
};

inline AttentionResult unfused(const AttentionCase& c) {
  const auto [out, lse] = reference::attention(c.kind, c.q, c.k, c.v, c.scale, c.causal, c.documents);
  const auto [gq, gk, gv] = reference::attention_backward(c.kind, c.grad_out, c.q, c.k, c.v, out, lse,
                                                          c.scale, c.causal, c.documents);
  return {out, lse, gq, gk, gv};
}

inline AttentionCase to(const AttentionCase& c, at::ScalarType dtype) {
  return {c.q.to(dtype), c.k.to(dtype), c.v.to(dtype), c.grad_out.to(dtype),
          c.scale,       c.causal,      c.kind,        c.documents};
}

/// In float64, on the inputs as they are after rounding to `dtype`.
inline AttentionResult oracle(const AttentionCase& c, at::ScalarType dtype) {
  return unfused(to(to(c, dtype), at::kDouble));
}

/// Random normals, q, k and v as views of one packed projection where N = M; scale 1 / sqrt(D).
inline AttentionCase random_case(int64_t B, int64_t H, int64_t N, int64_t M, int64_t D, uint64_t seed,
                                 bool causal = false) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto packed = [&](int64_t n, int64_t parts) {
    return at::randn({B, n, parts, H, D}, generator, at::kDouble).permute({2, 0, 3, 1, 4});
  };
  const auto grad_out = packed(N, 1)[0];
  if (N == M) {
    const auto qkv = packed(N, 3);
    return {qkv[0], qkv[1], qkv[2], grad_out, 1 / std::sqrt(double(D)), causal};
  }
  const auto kv = packed(M, 2);
  return {packed(N, 1)[0], kv[0], kv[1], grad_out, 1 / std::sqrt(double(D)), causal};
}

/// Multiples of 1/4 in [-1, 1] and D a power of 4: scores are exact in every implementation, true zeros
/// included.
inline AttentionCase exact_case(int64_t N, int64_t M, int64_t D, uint64_t seed) {
  auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const auto draw = [&](int64_t n) {
    return at::randint(-4, 5, {1, 2, n, D}, generator, at::kDouble).div_(4);
  };
  return {draw(N), draw(M), draw(M), draw(N), 1 / std::sqrt(double(D)), false};
}

/// ||a - b||^2 / ||b||^2.
inline double normalised_mean_square_error(const at::Tensor& a, const at::Tensor& b) {
  const auto wide = b.to(at::kDouble), difference = a.to(at::kDouble) - wide;
  return (difference.square().sum() / wide.square().sum()).item<double>();
}

/// The 99.9th percentile of |a - b| over the largest |b|. About one score in a million lies so near 0 that
/// correct implementations give it different signs, and moves D elements of each result: so not the maximum.
inline double percentile_error(const at::Tensor& a, const at::Tensor& b) {
  const auto wide = b.to(at::kDouble), difference = (a.to(at::kDouble) - wide).abs().flatten();
  const int64_t rank = std::max<int64_t>(1, int64_t(std::ceil(0.999 * double(difference.numel()))));
  return (std::get<0>(difference.kthvalue(rank)) / wide.abs().max()).item<double>();
}

}  // namespace uvic::testing

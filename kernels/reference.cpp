#include "kernels/reference.h"

#include <ATen/ATen.h>

namespace uvic::reference {
namespace {

using at::Tensor;

Tensor widen(const Tensor& x) {
  return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
}

// Scores P = (scale q) k^T, [B, H, N, N]. q is scaled first: the unscaled product can overflow in low
// precision.
Tensor scores(const Tensor& q, const Tensor& k, double scale) {
  return at::matmul(widen(q) * scale, widen(k).transpose(-2, -1));
}

}  // namespace

std::tuple<Tensor, Tensor> cog_attention(const Tensor& q, const Tensor& k, const Tensor& v, double scale) {
  const Tensor p = scores(q, k, scale);
  const Tensor magnitude = p.abs();
  const Tensor lse = at::logsumexp(magnitude, -1);
  const Tensor weights = magnitude.sub_(lse.unsqueeze(-1)).exp_().mul_(p.sign());
  return {at::matmul(weights, widen(v)).to(q.scalar_type()), lse};
}

std::tuple<Tensor, Tensor, Tensor> cog_attention_backward(const Tensor& grad_out, const Tensor& q,
                                                          const Tensor& k, const Tensor& v, const Tensor& out,
                                                          const Tensor& lse, double scale) {
  const Tensor p = scores(q, k, scale);
  const Tensor grad = widen(grad_out);
  const Tensor sign = p.sign();
  // |W| where P != 0, and 0 where P = 0, so that both terms of dP vanish there, as in autograd.
  const Tensor magnitude = (p.abs() - lse.unsqueeze(-1)).exp_().mul_(sign.abs());
  const Tensor weights = magnitude * sign;
  const Tensor row_dot = (grad * widen(out)).sum(-1, /*keepdim=*/true);
  Tensor grad_p = at::matmul(grad, widen(v).transpose(-2, -1)).mul_(magnitude).sub_(weights * row_dot);
  grad_p.mul_(scale);
  const auto transposed = [](const Tensor& x) { return x.transpose(-2, -1); };
  return {at::matmul(grad_p, widen(k)).to(q.scalar_type()),
          at::matmul(transposed(grad_p), widen(q)).to(k.scalar_type()),
          at::matmul(transposed(weights), grad).to(v.scalar_type())};
}

}  // namespace uvic::reference

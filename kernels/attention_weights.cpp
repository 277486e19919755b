#include "kernels/attention_weights.h"

#include <ATen/ATen.h>

#include <cmath>

namespace uvic {
namespace {

using at::Tensor;

bool is_signed(AttentionKind kind) {
  return kind == AttentionKind::kCog || kind == AttentionKind::kCogSum1;
}

// What the exponential is of, -infinity for keys that are not seen. Of its own memory.
Tensor bound(AttentionKind kind, const Tensor& scores, const Tensor& hidden) {
  Tensor x = is_signed(kind) ? scores.abs() : scores.clone();
  if (hidden.defined()) x.masked_fill_(hidden, -INFINITY);
  return x;
}

Tensor log_denominator(AttentionKind kind, const Tensor& bound) {
  if (kind == AttentionKind::kSigmoid) return bound.ne(-INFINITY).sum(-1).to(bound.scalar_type()).log_();
  const Tensor lse = at::logsumexp(bound, -1);
  return kind == AttentionKind::kSoftmax1 ? at::logaddexp(lse, at::zeros({}, lse.options())) : lse;
}

Tensor kept_from_zero(const Tensor& sum) {
  return at::where(sum.lt(0), sum.clamp_max(-kLeastRowSum), sum.clamp_min(kLeastRowSum));
}

}  // namespace

Weighing::Weighing(AttentionKind kind, const Tensor& scores, const Tensor& hidden, const Tensor& lse)
    : kind_(kind), lse_(lse) {
  Tensor x = bound(kind, scores, hidden);
  if (!lse_.defined()) lse_ = log_denominator(kind, x);
  x.sub_(lse_.unsqueeze(-1));
  weights_ = kind == AttentionKind::kSigmoid ? x.sigmoid_() : x.exp_();
  if (is_signed(kind)) weights_.mul_(scores.sign());
  if (kind == AttentionKind::kCogSum1) {
    row_sum_ = weights_.sum(-1, /*keepdim=*/true);
    weights_.div_(kept_from_zero(row_sum_));
  }
}

Tensor Weighing::score_gradient(Tensor grad_weights, const Tensor& row_dot) const {
  switch (kind_) {
    case AttentionKind::kSoftmax:
    case AttentionKind::kSoftmax1:
      return grad_weights.sub_(row_dot).mul_(weights_);
    case AttentionKind::kCog:
      return grad_weights.mul_(weights_.abs()).sub_(weights_ * row_dot);
    case AttentionKind::kSigmoid:
      return grad_weights.mul_(weights_).mul_(1 - weights_);
    case AttentionKind::kCogSum1: {
      // With C = W s, s kept from 0: |C| / s (dW - row_dot); where s was kept from 0 and so stands still,
      // |C| / s dW - C row_dot.
      const Tensor sum = kept_from_zero(row_sum_), magnitude = weights_.abs().mul_(sum.sign());
      const Tensor stands_still = row_sum_.abs().lt(kLeastRowSum);
      const Tensor taken = at::where(stands_still, weights_ * sum, magnitude);
      return grad_weights.mul_(magnitude).sub_(taken * row_dot);
    }
  }
  TORCH_CHECK(false, "attention: there is no kind ", int64_t(kind_));
}

Tensor attention_weights(AttentionKind kind, const Tensor& scores, const Tensor& hidden) {
  return Weighing(kind, scores, hidden).weights();
}

}  // namespace uvic

// What each kind of attention makes of its scores, in plain ATen: the one place where its formula stands.
#pragma once
#include <ATen/core/Tensor.h>

#include "kernels/attention_kind.h"

namespace uvic {

/// W [..., M] of scores P [..., M] (scaled, float32 or float64), the keys along the last dimension. `hidden`:
/// bool, broadcast over P: keys that a query does not see, whose weight is 0.
at::Tensor attention_weights(AttentionKind kind, const at::Tensor& scores, const at::Tensor& hidden = {});

/// The same for a forward and its backward.
class Weighing {
 public:
  /// `lse`: what an earlier Weighing of the same scores gave, or undefined.
  Weighing(AttentionKind kind, const at::Tensor& scores, const at::Tensor& hidden,
           const at::Tensor& lse = {});

  /// [...]: the log of what the exponentials are divided by: sum exp P; for softmax + 1 one more; for both
  /// Cogs sum exp |P|; for sigmoid, whose W is sigmoid(P - lse), the number of keys.
  const at::Tensor& lse() const { return lse_; }
  const at::Tensor& weights() const { return weights_; }
  /// dP of dW [..., M], which it may overwrite, and row_dot [..., 1] = rowsum(dW * W).
  at::Tensor score_gradient(at::Tensor grad_weights, const at::Tensor& row_dot) const;

 private:
  AttentionKind kind_;
  at::Tensor lse_, weights_;
  at::Tensor row_sum_;  // of row-sum-1 Cog, before it is kept from 0: [..., 1]
};

}  // namespace uvic

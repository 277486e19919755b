#include "kernels/reference.h"

#include <ATen/ATen.h>

#include "kernels/attention_weights.h"
#include "kernels/layout.h"

namespace uvic::reference {
namespace {

using at::Tensor;

Tensor widen(const Tensor& x) {
  return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
}

// Scores P = (scale q) k^T, [B, H, N, M]. q is scaled first: the unscaled product can overflow in low
// precision.
Tensor scores(const Tensor& q, const Tensor& k, double scale) {
  return at::matmul(widen(q) * scale, widen(k).transpose(-2, -1));
}

// Keys j > i + M - N, which a query must not see; undefined if it sees all.
Tensor hidden_keys(const Tensor& p, bool causal) {
  if (!causal) return {};
  const int64_t N = p.size(-2), M = p.size(-1);
  return at::ones({N, M}, p.options().dtype(at::kBool)).triu(M - N + 1);
}

Tensor token_major(const Tensor& x, at::ScalarType dtype) {
  return empty_token_major(x, dtype).copy_(x);
}

// part(x): the document's tokens of x, [1, H, length, D] of [B, H, N, D].
template <class F>
void for_each_document(at::IntArrayRef bounds, int64_t N, const F& f) {
  for (size_t i = 1; i < bounds.size(); ++i) {
    const int64_t begin = bounds[i - 1], length = bounds[i] - begin;
    f([=](const Tensor& x) { return x.narrow(0, begin / N, 1).narrow(2, begin % N, length); });
  }
}

}  // namespace

std::tuple<Tensor, Tensor> attention(AttentionKind kind, const Tensor& q, const Tensor& k, const Tensor& v,
                                     double scale, bool causal, at::IntArrayRef documents) {
  if (!documents.empty()) {
    const Tensor out = empty_token_major(q), lse = empty_statistics(q);
    for_each_document(documents, q.size(2), [&](const auto& part) {
      const auto [o, l] = reference::attention(kind, part(q), part(k), part(v), scale, causal);
      part(out).copy_(o), part(lse).copy_(l);
    });
    return {out, lse};
  }
  const Tensor p = scores(q, k, scale);
  const Weighing weighing(kind, p, hidden_keys(p, causal));
  return {token_major(at::matmul(weighing.weights(), widen(v)), q.scalar_type()), weighing.lse()};
}

std::tuple<Tensor, Tensor, Tensor> attention_backward(AttentionKind kind, const Tensor& grad_out,
                                                      const Tensor& q, const Tensor& k, const Tensor& v,
                                                      const Tensor& out, const Tensor& lse, double scale,
                                                      bool causal, at::IntArrayRef documents) {
  if (!documents.empty()) {
    const Tensor grad_q = empty_token_major(q), grad_k = empty_token_major(k), grad_v = empty_token_major(v);
    for_each_document(documents, q.size(2), [&](const auto& part) {
      const auto [gq, gk, gv] = reference::attention_backward(kind, part(grad_out), part(q), part(k), part(v),
                                                              part(out), part(lse), scale, causal);
      part(grad_q).copy_(gq), part(grad_k).copy_(gk), part(grad_v).copy_(gv);
    });
    return {grad_q, grad_k, grad_v};
  }
  const Tensor p = scores(q, k, scale);
  const Weighing weighing(kind, p, hidden_keys(p, causal), lse);
  const Tensor grad = widen(grad_out), row_dot = (grad * widen(out)).sum(-1, /*keepdim=*/true);
  Tensor grad_p = weighing.score_gradient(at::matmul(grad, widen(v).transpose(-2, -1)), row_dot);
  grad_p.mul_(scale);
  const auto transposed = [](const Tensor& x) { return x.transpose(-2, -1); };
  return {token_major(at::matmul(grad_p, widen(k)), q.scalar_type()),
          token_major(at::matmul(transposed(grad_p), widen(q)), k.scalar_type()),
          token_major(at::matmul(transposed(weighing.weights()), grad), v.scalar_type())};
}

}  // namespace uvic::reference

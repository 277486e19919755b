// Attention measured the plain way, all N x N weights of all heads at once, for tests of what is streamed.
#pragma once
#include <ATen/ATen.h>

#include <vector>

#include "nn/observe.h"
#include "nn/uvit.h"

namespace uvic::testing {

/// W of a block, float64 [B, H, N, N].
struct DirectBlock {
  AttentionKind kind;
  at::Tensor weights;
};

/// Of cog and softmax alone, by formulas of its own.
class DirectObserver : public NetworkObserver {
 public:
  void attention(AttentionInputs& inputs) override {
    const auto wide = [](const at::Tensor& x) { return x.detach().to(at::kDouble); };
    const at::Tensor p = at::matmul(wide(inputs.q), wide(inputs.k).transpose(-2, -1)) * inputs.scale;
    blocks.push_back({inputs.kind, inputs.kind == AttentionKind::kCog ? p.sign() * at::softmax(p.abs(), -1)
                                                                      : at::softmax(p, -1)});
  }
  void block(const at::Tensor& x) override { outputs.push_back(x.detach().to(at::kDouble)); }
  std::vector<DirectBlock> blocks;
  std::vector<at::Tensor> outputs;
};

inline DirectObserver observe_directly(UViT& model, const at::Tensor& x, const at::Tensor& timesteps,
                                       const at::Tensor& labels = {}, const at::Tensor& context = {}) {
  const at::NoGradGuard no_grad;
  DirectObserver observer;
  const ObserverScope scope(observer);
  model.forward(x, timesteps, labels, context);
  return observer;
}

/// Means over images and queries of W [B, H, N, N]: [H] each.
struct DirectHeads {
  at::Tensor negative_count, negative_mass, row_sum, entropy, entropy_shifted, effective_rank, top_attention;

  explicit DirectHeads(const at::Tensor& w) {
    const auto mean = [](const at::Tensor& rows) { return rows.mean(2).mean(0); };
    const at::Tensor a = w.abs(), least = w.amin(-1, true).clamp_max(0), moved = w - least;
    const at::Tensor p = moved / moved.sum(-1, true), s = at::linalg_svdvals(w), r = s / s.sum(-1, true);
    negative_count = mean(w.lt(0).to(at::kDouble).mean(-1));
    negative_mass = mean((a * w.lt(0)).sum(-1));
    row_sum = mean(w.sum(-1));
    entropy = mean(-at::xlogy(a, a).sum(-1));
    entropy_shifted = mean(-at::xlogy(p, p).sum(-1));
    effective_rank = (-at::xlogy(r, r).sum(-1)).exp().mean(0);
    top_attention = a.mean(2).amax(-1).mean(0);
  }
};

}  // namespace uvic::testing

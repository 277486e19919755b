// A task in which one head must copy one token and delete another: what negative weights are said to be for
// (arXiv 2411.07176v3, figure 1 and section 3.1).
//
// A sequence is a query and kTokens tokens of random content c_i in R^kContent. One token is marked +,
// another
// -, at random places; what the query is to give is c_plus - c_minus. The network is one attention layer
// without a residual path around it, between a projection of the inputs and one of the outputs: no MLP. A
// head's values are linear in the contents, so that a head whose weights are all >= 0 gives both marked
// tokens the same sign, whatever its other weights are; the best it can do is to take one of the two, which
// leaves half of the target's variance. Two such heads, or one head with weights of both signs, can give all
// of it. Nothing else in the task favours either.
#pragma once
#include <ATen/ATen.h>
#include <ATen/TensorIndexing.h>
#include <ATen/core/grad_mode.h>
#include <torch/nn/modules/linear.h>

#include "nn/attention.h"
#include "train/optimizer.h"

namespace uvic::testing {

struct DeleteAndCopy {
  AttentionKind kind = AttentionKind::kCog;
  int64_t heads = 1;
  bool qk_norm = false, gate = false;
  int64_t steps = 2000;

  static constexpr int64_t kTokens = 15, kContent = 16, kDim = 32, kBatch = 64, kTestBatch = 4096;
  static constexpr double kRate = 5e-3;

  /// The mean squared error on fresh sequences after `steps` steps of AdamW, over the target's variance: 0 is
  /// perfect, 1 is what predicting 0 gives.
  double train(int64_t seed) const;
};

namespace delete_and_copy {

struct Network : torch::nn::Module {
  explicit Network(const DeleteAndCopy& task) {
    using torch::nn::Linear;
    embed = register_module("embed", Linear(DeleteAndCopy::kContent + 3, DeleteAndCopy::kDim));
    attention = register_module(
        "attention", std::make_shared<Attention>(AttentionOptions{
                         DeleteAndCopy::kDim, task.heads, true, task.kind, false, task.qk_norm, task.gate}));
    read = register_module("read", Linear(DeleteAndCopy::kDim, DeleteAndCopy::kContent));
  }
  // [B, 1 + kTokens, kContent + 3] -> [B, kContent].
  at::Tensor forward(const at::Tensor& x) {
    return read->forward(attention->forward(embed->forward(x)).select(1, 0));
  }
  torch::nn::Linear embed{nullptr}, read{nullptr};
  std::shared_ptr<Attention> attention;
};

struct Batch {
  at::Tensor x, target;
};

// The query comes first; the last three inputs say query, +, -.
inline Batch draw(int64_t B) {
  constexpr int64_t N = DeleteAndCopy::kTokens, C = DeleteAndCopy::kContent;
  const at::Tensor contents = at::randn({B, N, C}), x = at::zeros({B, N + 1, C + 3});
  const at::Tensor places = at::rand({B, N}).argsort(int64_t(1)), rows = at::arange(B);
  x.slice(1, 1).slice(2, 0, C).copy_(contents);
  x.select(1, 0).select(1, C).fill_(1);
  at::Tensor target = at::zeros({B, C});
  for (const int64_t which : {0, 1}) {
    const at::Tensor place = places.select(1, which);
    x.select(2, C + 1 + which).index_put_({rows, place + 1}, at::ones({B}));
    target.add_(contents.index({rows, place}), which == 0 ? 1 : -1);
  }
  return {x, target};
}

}  // namespace delete_and_copy

inline double DeleteAndCopy::train(int64_t seed) const {
  at::manual_seed(uint64_t(seed));
  delete_and_copy::Network network(*this);
  OptimizerOptions options;
  options.lr = kRate, options.weight_decay = 0, options.betas = {0.9, 0.99};
  options.warmup_steps = 50, options.schedule = "cosine";
  AdamW optimizer(network.parameters(), options);
  at::manual_seed(uint64_t(seed) + 1000);  // the same sequences for every variant
  for (int64_t step = 0; step < steps; ++step) {
    const auto batch = delete_and_copy::draw(kBatch);
    zero_grad(network.parameters());
    (network.forward(batch.x) - batch.target).square().mean().backward();
    optimizer.step(learning_rate(options, step, steps));
  }
  const at::NoGradGuard no_grad;
  const auto batch = delete_and_copy::draw(kTestBatch);
  return ((network.forward(batch.x) - batch.target).square().mean() / batch.target.square().mean())
      .item<double>();
}

}  // namespace uvic::testing

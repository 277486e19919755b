// The parts of a Cogformer's block, with its authors' parameter names: matrices are [in, out].
#pragma once
#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include <functional>
#include <memory>

#include "nn/cogformer_options.h"

namespace uvic {

/// Queries meet keys and values: q, k, v [B, H, T, D], rotated -> [B, H, T, D].
using Attend = std::function<at::Tensor(AttentionKind kind, const at::Tensor& q, const at::Tensor& k,
                                        const at::Tensor& v)>;

/// e^(i n theta^(-2j / D)) for positions n < length and pairs j < D / 2: complex64 [length, D / 2] (RoFormer,
/// arXiv 2104.09864, eq. 15).
at::Tensor rotary_angles(int64_t length, int64_t head_dim, double theta);

/// See kernels/rows.h.
class RmsNorm : public torch::nn::Module {
 public:
  RmsNorm(int64_t dim, double eps);
  at::Tensor forward(const at::Tensor& x);

 private:
  double eps_;
  at::Tensor weight_;
};

/// Multi-head self-attention: qw, kw, vw, ow, each [dim, dim]. [B, T, dim] -> [B, T, dim].
class CogformerAttention : public torch::nn::Module {
 public:
  CogformerAttention(const CogformerOptions& options, AttentionKind kind);
  at::Tensor forward(const at::Tensor& x, const at::Tensor& rotation, const Attend& attend);

 private:
  int64_t heads_;
  AttentionKind kind_;
  at::Tensor qw_, kw_, vw_, ow_;
};

/// SwiGLU (arXiv 2002.05202): (x gw * silu(x pw)) ow. The authors' mixture of experts has one that is shared
/// by all tokens, `shared_experts.0`, and no other.
class SwiGlu : public torch::nn::Module {
 public:
  explicit SwiGlu(const CogformerOptions& options);
  at::Tensor forward(const at::Tensor& x);

 private:
  struct Expert : torch::nn::Module {
    Expert(int64_t dim, int64_t hidden_dim);
    at::Tensor gw, pw, ow;
  };
  std::shared_ptr<Expert> expert_;
};

/// x + attention(norm(x)), then x + ffn(norm(x)). [B, T, dim] -> [B, T, dim].
class CogformerBlock : public torch::nn::Module {
 public:
  CogformerBlock(const CogformerOptions& options, AttentionKind kind);
  at::Tensor forward(const at::Tensor& x, const at::Tensor& rotation, const Attend& attend);

 private:
  // Shared with the graph of a forward that is recomputed: it may outlive the block.
  struct Layers {
    std::shared_ptr<RmsNorm> attention_norm, ffn_norm;
    std::shared_ptr<CogformerAttention> attention;
    std::shared_ptr<SwiGlu> ffn;
    at::Tensor forward(const at::Tensor& x, const at::Tensor& rotation, const Attend& attend) const;
  };

  bool recompute_;
  Layers layers_;
};

}  // namespace uvic

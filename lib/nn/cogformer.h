// Cogformer: the decoder-only language model of the Cog Attention paper (arXiv 2411.07176v3, section 4):
// embedding, pre-norm blocks of RMSNorm, causal attention with rotary embedding, and SwiGLU, a last norm, an
// untied output; no biases. Parameter names and shapes are the authors'.
#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>

#include <memory>
#include <optional>
#include <vector>

#include "nn/cogformer_layers.h"

namespace uvic {

/// Where documents begin among the tokens of a batch, int64 [documents + 1] on the CPU: 0, then each position
/// of the B x T tokens, row by row, at which a row begins or `bos` stands, then B T. tokens: int64 [B, T].
/// Undefined where every row is one document (or `bos` is below 0): then nothing is to be said.
at::Tensor document_bounds(const at::Tensor& tokens, int64_t bos);

class Cogformer : public torch::nn::Module {
 public:
  /// Checks the options and initialises: every matrix from N(0, 0.02^2), those that write to the residual
  /// stream (ow) divided by sqrt(2 n_layers) (GPT-2, Radford et al. 2019, section 2.3), unit norms. Draws
  /// from LibTorch's default generator.
  explicit Cogformer(const CogformerOptions& options);

  /// tokens: int64 [B, T], T <= max_seq_length; each sees those before it in its document. Logits of the next
  /// token, [B, T, vocab_size]. c10::Error names what does not fit.
  at::Tensor forward(const at::Tensor& tokens);
  /// What the last block gives, before the last norm: [B, T, dim].
  at::Tensor representations(const at::Tensor& tokens);

  /// The last norm and the output: [B, T, dim] -> [B, T, vocab_size].
  at::Tensor logits(const at::Tensor& representations);

  const CogformerOptions& options() const { return options_; }

 private:
  void initialise();
  void check_tokens(const at::Tensor& tokens) const;

  CogformerOptions options_;
  std::optional<bool> fused_;
  torch::nn::Embedding embedding_{nullptr};
  std::vector<std::shared_ptr<CogformerBlock>> layers_;
  std::shared_ptr<RmsNorm> norm_;
  torch::nn::Linear output_{nullptr};
  at::Tensor rotation_;  // complex64 [max_seq_length, D / 2]: the rotary embedding's, no parameter
};

}  // namespace uvic

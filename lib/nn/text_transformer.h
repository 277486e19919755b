// A small text encoder that is trained together with the network whose context it makes, as GLIDE's (Nichol
// et al. 2022, arXiv 2112.10741, section 3) is.
#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/normalization.h>

#include <memory>
#include <vector>

#include "nn/block.h"

namespace uvic {

struct TextTransformerOptions {
  int64_t vocab_size = 0, length = 0;  ///< token ids are 0 .. vocab_size - 1; tokens of a text
  int64_t dim = 0, depth = 0, num_heads = 0;
};

/// Every token sees all of them: a denoiser has no use for a text that is known up to a token alone.
/// Attention is softmax, as in the encoders of the paper's experiments. token_embedding and
/// positional_embedding, blocks, norm.
class TextTransformer : public torch::nn::Module {
 public:
  explicit TextTransformer(const TextTransformerOptions& options);
  /// Token ids, int64 [B, length] -> [B, length, dim].
  at::Tensor forward(const at::Tensor& ids);

 private:
  TextTransformerOptions options_;
  torch::nn::Embedding token_embedding_{nullptr};
  at::Tensor positional_embedding_;
  std::vector<std::shared_ptr<Block>> blocks_;
  torch::nn::LayerNorm norm_{nullptr};
};

}  // namespace uvic

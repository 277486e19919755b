// U-ViT (Bao et al. 2023, arXiv 2209.12152) with Cog Attention in the blocks that the options name.
#pragma once
#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <memory>

#include "nn/block.h"
#include "nn/embed.h"
#include "nn/options.h"
#include "nn/text_transformer.h"

namespace uvic {

class UViT : public torch::nn::Module {
 public:
  /// Checks the options and initialises as U-ViT does: linear weights and pos_embed from a truncated normal
  /// (std 0.02), zero biases, unit norms; convolutions and label_emb as PyTorch's defaults. Draws from
  /// LibTorch's default generator.
  explicit UViT(const ModelOptions& options);

  /// x: [B, C, H, W]; timesteps: [B] in the units of the schedule (999 t); labels: int64 [B] for a
  /// conditional model, or shares of all its labels, float32 [B, num_classes], else undefined; context: [B,
  /// num_clip_token, clip_dim] for a model with context tokens (U-ViT's text-to-image network), or token ids
  /// as encode_context takes them, else undefined. Returns [B, C, H, W] in float32 (float64 for float64
  /// weights). c10::Error names what does not fit.
  at::Tensor forward(const at::Tensor& x, const at::Tensor& timesteps, const at::Tensor& labels = {},
                     const at::Tensor& context = {});

  /// Of a model that learns_text: token ids, int64 [B, num_clip_token] -> [B, num_clip_token, clip_dim]; what
  /// is encoded already comes back as it is.
  at::Tensor encode_context(const at::Tensor& context);

  const ModelOptions& options() const { return options_; }

 private:
  std::shared_ptr<Block> make_block(int64_t index, bool skip);
  void initialise();
  void check_inputs(const at::Tensor& x, const at::Tensor& timesteps, const at::Tensor& labels,
                    const at::Tensor& context) const;
  at::Tensor label_token(const at::Tensor& labels);
  at::Tensor embed(const at::Tensor& x, const at::Tensor& timesteps, const at::Tensor& labels,
                   const at::Tensor& context);

  ModelOptions options_;
  std::shared_ptr<PatchEmbed> patch_embed_;
  std::shared_ptr<TimeEmbedMlp> time_embed_;
  torch::nn::Embedding label_emb_{nullptr};
  std::shared_ptr<TextTransformer> text_encoder_;
  torch::nn::Linear context_embed_{nullptr};
  at::Tensor pos_embed_;
  std::vector<std::shared_ptr<Block>> in_blocks_, out_blocks_;
  std::shared_ptr<Block> mid_block_;
  torch::nn::LayerNorm norm_{nullptr};
  torch::nn::Linear decoder_pred_{nullptr};
  torch::nn::Conv2d final_layer_{nullptr};
};

}  // namespace uvic

#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"
#include "nn/placement.h"

namespace uvic {

/// Whether label_emb has a row for "no class", which guidance subtracts: its last one.
enum class NullLabel { kAuto, kLast, kNone };
template <>
inline constexpr std::array kNamesOf<NullLabel> = {"auto", "last", "none"};

/// U-ViT's constructor arguments, plus the attention's kind and placement.
struct ModelOptions {
  std::vector<int64_t> img_size = {28, 28};
  int64_t patch_size = 2, in_chans = 1, embed_dim = 256, depth = 8, num_heads = 4, mlp_ratio = 4;
  bool qkv_bias = false, mlp_time_embed = false;
  int64_t num_classes = 11;
  Choice<NullLabel> null_label = NullLabel::kAuto;
  bool conv = true, skip = true;
  int64_t clip_dim = 768, num_clip_token = 0;
  int64_t text_vocab = 0, text_depth = 2, text_heads = 4;
  Choice<AttentionKind> attention = AttentionKind::kCog;
  std::vector<std::string> softmax_layers = {"first", "last"};
  bool qk_norm = false, attention_gate = false;
  Choice<KernelWish> attention_kernel = KernelWish::kAuto;
  bool use_checkpoint = false;

  void visit(FieldList& fields) {
    fields("img_size", img_size, "image height and width in pixels (one number: square)", between(1, 8192))
        .mark(kInterface);
    fields("patch_size", patch_size, "side of a square patch, in pixels", between(1, 256));
    fields("in_chans", in_chans, "image channels", between(1, 64)).mark(kInterface);
    fields("embed_dim", embed_dim, "width of a token", between(2, 65536));
    fields("depth", depth, "blocks besides the middle one; even", between(2, 512));
    fields("num_heads", num_heads, "attention heads; divides embed_dim", between(1, 1024));
    fields("mlp_ratio", mlp_ratio, "hidden width of the MLP over embed_dim", between(1, 64));
    fields("qkv_bias", qkv_bias, "biases in the query, key and value projection");
    fields("mlp_time_embed", mlp_time_embed, "a two-layer MLP over the sinusoidal time embedding");
    fields("num_classes", num_classes, "rows of label_emb, the null label included; -1: unconditional",
           between(-1, 1e6))
        .mark(kInterface);
    fields("null_label", null_label,
           "the row of label_emb that stands for no class, for guidance: last, none, or auto: last unless "
           "diffusion.p_uncond is 0")
        .mark(kInterface);
    fields("conv", conv, "a 3x3 convolution after the last projection");
    fields("skip", skip, "long skip connections from in_blocks to out_blocks");
    fields("clip_dim", clip_dim, "width of a context token, as a text encoder gives it", between(1, 65536));
    fields("num_clip_token", num_clip_token, "context tokens (77 for CLIP's text); 0: no context",
           between(0, 65536))
        .mark(kInterface);
    fields("text_vocab", text_vocab,
           "tokens of the vocabulary of a text encoder that is trained with the network (text.encoder: "
           "learned): 259 "
           "for bytes; 0: there is none",
           between(0, 1e6))
        .mark(kInterface);
    fields("text_depth", text_depth, "blocks of that text encoder; clip_dim is its width", between(0, 512));
    fields("text_heads", text_heads, "its attention heads; divides clip_dim", between(1, 1024));
    fields(
        "attention", attention,
        "what scores P become the weights W by: softmax; cog: sign(P) softmax(|P|); softmax1: exp(P) / (1 + "
        "sum exp(P)); sigmoid: sigmoid(P - log N) for N keys; cog_sum1: cog's, divided by their sum");
    fields("softmax_layers", softmax_layers,
           "blocks that stay softmax where attention is another: first, last, lower_half, all, none, or "
           "indexes 0..depth");
    fields("qk_norm", qk_norm,
           "RMSNorm of each head's queries and keys, with a learned scale: it bounds |P|, where scores "
           "diverge");
    fields(
        "attention_gate", attention_gate,
        "multiplies the attention's output by sigmoid(x W), a gate of each number, from the block's input");
    fields("attention_kernel", attention_kernel,
           "of blocks that are not softmax: auto (fused where there is one for the head size and device), "
           "fused, unfused");
    fields("use_checkpoint", use_checkpoint, "recompute blocks in the backward pass: less memory, more time");
  }

  /// {C, H, W} of what goes in and comes out.
  std::array<int64_t, 3> image_shape() const { return {in_chans, height(), width()}; }
  int64_t height() const { return img_size.front(); }
  int64_t width() const { return img_size.back(); }
  /// Whether what comes out can be looked at: 1 (grey) or 3 channels. Anything else is latents (which latents
  /// of 3 channels, such as VQ-f4's, cannot be told from).
  bool makes_pictures() const { return in_chans == 1 || in_chans == 3; }
  bool conditional() const { return num_classes > 0; }
  /// The row of label_emb that stands for no class; -1 if there is none.
  int64_t null_row() const { return conditional() && null_label != NullLabel::kNone ? num_classes - 1 : -1; }
  /// Classes that can be asked for: 0 .. real_classes() - 1. 0 for an unconditional model.
  int64_t real_classes() const { return conditional() ? num_classes - (null_row() >= 0 ? 1 : 0) : 0; }
  bool has_context() const { return num_clip_token > 0; }
  /// Whether the context is token ids, which the network encodes itself.
  bool learns_text() const { return text_vocab > 0; }
  int64_t head_dim() const { return embed_dim / num_heads; }
  int64_t num_patches() const { return grid()[0] * grid()[1]; }
  /// Tokens before the patches: [label,] time, [context].
  int64_t extras() const { return (conditional() ? 2 : 1) + num_clip_token; }
  /// {rows, columns} of patches.
  std::array<int64_t, 2> grid() const { return {height() / patch_size, width() / patch_size}; }
  int64_t num_tokens() const { return extras() + num_patches(); }

  /// The attention of block `index`; 0..depth/2-1 are in_blocks, depth/2 mid_block, then out_blocks.
  AttentionKind attention_kind(int64_t index) const {
    return kind_of_block(attention, softmax_layers, index, depth);
  }
  /// Throws UsageError if values do not go together (img_size and patch_size, embed_dim and num_heads, ...).
  void validate() const;
};

}  // namespace uvic

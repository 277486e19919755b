#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"
#include "nn/placement.h"

namespace uvic {

/// A Cogformer's sizes, by its authors' names, plus the attention's kind and placement.
struct CogformerOptions {
  int64_t vocab_size = 259, dim = 256, n_layers = 6, n_heads = 4, hidden_dim = 704, max_seq_length = 256;
  double norm_eps = 1e-6, rope_theta = 1e4;
  int64_t bos_token = 1;
  Choice<AttentionKind> attention = AttentionKind::kCog;
  std::vector<std::string> softmax_layers = {"first", "last"};
  Choice<KernelWish> attention_kernel = KernelWish::kAuto;
  bool use_checkpoint = false;

  void visit(FieldList& fields) {
    fields("vocab_size", vocab_size, "tokens that there are: 259 for bytes", between(2, 1 << 24))
        .mark(kInterface);
    fields("dim", dim, "width of a token", between(2, 65536));
    fields("n_layers", n_layers, "blocks", between(1, 512));
    fields("n_heads", n_heads, "attention heads; divides dim, an even width each", between(1, 1024));
    fields("hidden_dim", hidden_dim, "hidden width of the SwiGLU layers", between(1, 1 << 20));
    fields("max_seq_length", max_seq_length, "tokens of context, in training and generation",
           between(2, 1 << 20))
        .mark(kInterface);
    fields("norm_eps", norm_eps, "added to the mean square in RMSNorm", above(0));
    fields("rope_theta", rope_theta, "base of the rotary embedding's wavelengths", above(0));
    fields("bos_token", bos_token, "the token that begins a document; attention stays within one; -1: none",
           between(-1, 1 << 24))
        .mark(kInterface);
    fields(
        "attention", attention,
        "what scores P become the weights W by: softmax; cog: sign(P) softmax(|P|); softmax1: exp(P) / (1 + "
        "sum exp(P)); sigmoid: sigmoid(P - log N) for N keys; cog_sum1: cog's, divided by their sum");
    fields("softmax_layers", softmax_layers,
           "layers that stay softmax where attention is another: first, last, lower_half, all, none, or "
           "indexes from 0");
    fields("attention_kernel", attention_kernel,
           "auto (fused where there is one for the head size and device), fused, unfused");
    fields("use_checkpoint", use_checkpoint, "recompute blocks in the backward pass: less memory, more time");
  }

  int64_t head_dim() const { return dim / n_heads; }
  /// The attention of layer `index`, from 0.
  AttentionKind attention_kind(int64_t index) const {
    return kind_of_block(attention, softmax_layers, index, n_layers - 1);
  }
  /// Throws UsageError, naming the keys, if values do not go together.
  void validate() const;
};

}  // namespace uvic

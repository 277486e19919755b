#include "inspect/definitions.h"

namespace uvic {

const std::array<Definition, kHeadMeasures> kHeadDefinitions = {{
    {"negative_count", "neg count", "the share of weights below 0"},
    {"negative_mass", "neg mass",
     "the sum of |W| over the weights below 0. A row's |W| sums to 1 for cog and softmax; for kinds where it "
     "does not, |W| is divided by its sum first, here and in the entropies"},
    {"row_sum", "row sum", "the sum of W: 1 for softmax, from -1 to 1 for cog"},
    {"mass", "mass", "the sum of |W|: 1 for cog and softmax, less an exact zero's share for cog"},
    {"entropy", "H(|W|)", "-sum |W| ln |W|, in nats; ln N if attention is spread evenly"},
    {"entropy_shifted", "H(shifted)",
     "the same of W moved up until no weight of the row is below 0 and divided by its sum: p = (W + m) / "
     "sum(W + m), m = max(0, -min W). A row without negative weights is not moved, so for softmax both "
     "entropies are one"},
    {"effective_rank", "eff. rank",
     "exp of the entropy of W's singular values divided by their sum (Roy & Vetterli 2007, \"The effective "
     "rank\", eq. 4), of the whole N x N matrix, signs included; from 1 to N"},
    {"top_attention", "top attn",
     "the largest over tokens of the mean of |W| over queries: what the head's favourite token gets"},
    {"sink_rate", "sinks",
     "the share of heads and images whose top_attention exceeds 0.3 (Gu et al. 2024, arXiv 2410.10781, "
     "section 3; of |W|, as weights have signs)"},
}};

const std::array<Definition, kLayerMeasures> kLayerDefinitions = {{
    {"head_distance", "head dist",
     "1 - cos between the W of two heads as vectors of N x N numbers, mean over all pairs of heads"},
    {"largest_block", "max block",
     "the largest absolute activation of the block's output (massive activations: Sun et al. 2024, arXiv "
     "2402.17762)"},
    {"largest_mlp", "max MLP", "the same of what the block's MLP adds"},
    {"cosine_layers_block", "cos layers",
     "cosine of a token in the block's output with itself in that of the block before, mean over tokens; "
     "none "
     "for the first block"},
    {"cosine_layers_mlp", "cos lay. MLP", "the same of what the MLPs add"},
    {"cosine_tokens_block", "cos tokens",
     "cosine of a patch in the block's output with the next one, row by row, mean over patches: near 1 where "
     "representations collapse (Barbero et al. 2024, arXiv 2406.04267)"},
    {"cosine_tokens_mlp", "cos tok. MLP", "the same of what the block's MLP adds"},
}};

const std::array<Definition, kOutputMeasures> kOutputDefinitions = {{
    {"cosine_tokens_projection", "cos tokens", "the same of the network's last projection (decoder_pred)"},
    {"largest_projection", "max", "the largest absolute value of the last projection"},
}};

std::string definitions_text() {
  std::string text =
      "What is measured, of W [N, N] of each head, rows its queries, a mean over queries, images and, where "
      "a table has no heads, heads. In float64, from the network's own queries and keys.\n";
  const auto add = [&](const auto& definitions) {
    for (const Definition& definition : definitions)
      text += std::string("  ") + definition.name + ": " + definition.text + ".\n";
  };
  add(kHeadDefinitions);
  add(kLayerDefinitions);
  add(kOutputDefinitions);
  text +=
      "  sinks: of the heads and images that have a sink, the share whose sink is a label, time, text, "
      "padding, corner or another patch.\n"
      "  incoming_mass: the mean over heads and queries of |W|, a number a token; incoming_signed: of W.\n"
      "  attention by group: the mean over the queries of one group of tokens of the sum of |W| over the "
      "keys "
      "of another; mean and standard deviation over heads.\n"
      "Text padding: the equal ids that end a caption's row, but for the first; known only where the "
      "captions are ids.\n"
      "--suppress-top: columns of W set to 0 in every head of a block, for the k tokens with the most "
      "incoming_mass there. The other weights stay as they are, not divided again: what is asked is what "
      "these tokens bring, not what others would bring in their place.";
  return text;
}

}  // namespace uvic

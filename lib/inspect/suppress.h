// Taking tokens away from attention.
#pragma once
#include <vector>

#include "inspect/input_set.h"

namespace uvic {

/// Tokens by block, in the order of execution.
using TokensOfBlocks = std::vector<std::vector<int64_t>>;

/// Sets the columns of W that belong to given tokens to 0, in all heads of a block: their values count as 0.
/// The rest of W stays as it is.
class Suppressor : public NetworkObserver {
 public:
  explicit Suppressor(TokensOfBlocks tokens) : tokens_(std::move(tokens)) {}
  void begin(const at::Tensor& x, const at::Tensor& timesteps) override;
  void attention(AttentionInputs& inputs) override;

 private:
  TokensOfBlocks tokens_;
  size_t block_ = 0;
};

/// A network that lacks these tokens.
Network without_tokens(Network network, const TokensOfBlocks& tokens);

/// The k tokens with the most incoming mass of each block that `measures` have, none of the others.
TokensOfBlocks strongest_tokens(const Measures& measures, int64_t k);
/// As many tokens of each block that are none of `others`, drawn by (seed, draw), of `tokens` in all.
TokensOfBlocks random_tokens(const TokensOfBlocks& others, int64_t tokens, uint64_t seed, uint64_t draw);

/// Losses at one noise level, means over the images, with the standard errors of what tokens cost: of the
/// differences, image by image, from the whole network's loss; for random tokens of each image's mean over
/// draws.
struct SuppressedLoss {
  double t = 0, loss = 0;
  double without_top = 0, top_error = 0;
  double without_random = 0, random_error = 0;
};

struct Suppression {
  int64_t k = 0, draws = 0;
  TokensOfBlocks top;
  std::vector<TokensOfBlocks> random;
  std::vector<SuppressedLoss> levels;
  /// The Frechet distances, NaN where none was asked for: whole, without the top tokens, without random ones.
  std::array<double, 3> frechet;
  int64_t frechet_images = 0;
};

/// The losses; `inputs` must have them.
Suppression suppress(const Network& network, const Measures& measures, const std::vector<InputSet>& inputs,
                     int64_t k, int64_t draws, uint64_t seed);

}  // namespace uvic

#include "inspect/suppress.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/random.h"
#include "inspect/compare.h"

namespace uvic {

using at::Tensor;

void Suppressor::begin(const Tensor& /*x*/, const Tensor& /*timesteps*/) {
  block_ = 0;
}

void Suppressor::attention(AttentionInputs& inputs) {
  const auto& tokens = tokens_.at(block_++);
  if (tokens.empty()) return;
  const Tensor columns = at::tensor(tokens, at::kLong).to(inputs.v.device());
  inputs.v = inputs.v.index_fill(2, columns, 0);
}

Network without_tokens(Network network, const TokensOfBlocks& tokens) {
  return [network = std::move(network), tokens](const Tensor& x, const Tensor& timesteps,
                                                const Condition& condition) {
    Suppressor suppressor(tokens);
    const ObserverScope scope(suppressor);
    return network(x, timesteps, condition);
  };
}

TokensOfBlocks strongest_tokens(const Measures& measures, int64_t k) {
  TokensOfBlocks tokens(static_cast<size_t>(measures.blocks));
  for (const LayerMeasures& layer : measures.layers) {
    const Tensor order = layer.incoming.argsort(/*stable=*/true, 0, /*descending=*/true).contiguous();
    const auto* first = order.const_data_ptr<int64_t>();
    tokens[size_t(layer.block)] = {first, first + k};
  }
  return tokens;
}

TokensOfBlocks random_tokens(const TokensOfBlocks& others, int64_t tokens, uint64_t seed, uint64_t draw) {
  TokensOfBlocks drawn;
  for (size_t block = 0; block < others.size(); ++block) {
    const auto& taken = others[block];
    std::vector<int64_t> chosen;
    for (const int64_t token : permutation(seed, draw * others.size() + block, tokens)) {
      if (chosen.size() == taken.size()) break;
      if (std::find(taken.begin(), taken.end(), token) == taken.end()) chosen.push_back(token);
    }
    drawn.push_back(chosen);
  }
  return drawn;
}

Suppression suppress(const Network& network, const Measures& measures, const std::vector<InputSet>& inputs,
                     int64_t k, int64_t draws, uint64_t seed) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const int64_t N = measures.layers.front().incoming.size(0);
  Suppression result{.k = k,
                     .draws = draws,
                     .top = strongest_tokens(measures, k),
                     .random = {},
                     .levels = {},
                     .frechet = {kNone, kNone, kNone}};
  for (int64_t draw = 0; draw < draws; ++draw)
    result.random.push_back(random_tokens(result.top, N, seed, uint64_t(draw)));
  for (const InputSet& level : inputs) {
    const Tensor whole = losses_of(network, level);
    const Tensor top = losses_of(without_tokens(network, result.top), level);
    Tensor random = at::zeros_like(whole);
    for (const TokensOfBlocks& tokens : result.random)
      random += losses_of(without_tokens(network, tokens), level) / double(draws);
    const auto mean = [](const Tensor& x) { return x.mean().item<double>(); };
    result.levels.push_back({.t = level.t,
                             .loss = mean(whole),
                             .without_top = mean(top),
                             .top_error = standard_error(top - whole),
                             .without_random = mean(random),
                             .random_error = standard_error(random - whole)});
  }
  return result;
}

}  // namespace uvic

// The two tests by which the Cog Attention paper (arXiv 2411.07176v3) judges a model's robustness against
// representational collapse, after Barbero et al. 2024 (arXiv 2406.04267, sections 4 and 5): how far the last
// token's representation, as the last block gives it, still tells apart n ones from n + 1 ones, and n ones
// from n ones behind one zero.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "language/network.h"

namespace uvic {

/// The tokens of the tests; `bos`, if it is not -1, begins each sequence, as it began those of training.
struct ProbeTokens {
  int64_t one = 0, zero = 0, bos = -1;
};

/// The digits "1" and "0" under a tokenizer, without the blank that SentencePiece puts before. UsageError if
/// one of them is no token.
ProbeTokens digit_tokens(const Tokenizer& tokenizer, int64_t bos);

/// The tests' lengths where none are said: powers of two with their halves between, 1, 2, 3, 4, 6, 8, 12 ...
/// and `most`.
std::vector<int64_t> probe_lengths(int64_t most);

/// The most ones that a model's context has room for.
int64_t most_ones(const CogformerOptions& model, const ProbeTokens& tokens);

/// Norms of a difference a - b; `relative` is its l2 over that of b.
struct Distance {
  double l1 = 0, l2 = 0, max = 0, relative = 0;
};

/// The norms by name: l1, l2, max, relative.
std::vector<std::string> distance_names();
/// One of them.
double Distance::*norm_named(const std::string& name);

struct ProbeRow {
  int64_t ones = 0;
  Distance one_more;     ///< n + 1 ones against n
  Distance zero_before;  ///< a zero and n ones against n ones
};

/// A row a length, each 1 .. most_ones. As attention is causal, two runs of the network hold all of the
/// sequences: a representation is compared with one of the same run, or of a run of the same length.
std::vector<ProbeRow> probe(const LanguageNetwork& network, const ProbeTokens& tokens,
                            const std::vector<int64_t>& lengths);

/// What one checkpoint gave.
struct ProbeResult {
  std::string name;
  std::vector<ProbeRow> rows;
};

/// {"name": ..., "ones": [...], "one_more": {"l1": [...], ...}, "zero_before": {...}}
nlohmann::ordered_json probe_json(const ProbeResult& result);

}  // namespace uvic

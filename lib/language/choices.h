// Multiple-choice questions: which of several texts a model takes for the likeliest to follow a context. The
// measures are those of EleutherAI's lm-evaluation-harness.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "language/network.h"
#include "language/questions.h"

namespace uvic {

struct ContextAndContinuation {
  std::vector<int64_t> context, continuation;
};

/// As the harness parts them (`_encode_pair`): blanks at the end of the context go to the continuation, which
/// is what the tokens of the whole have more than those of the context alone. `prefix`, the token that begins
/// a document, comes first; -1: none, unless there is no context: then the tokenizer's EOS does.
ContextAndContinuation encode_pair(const Tokenizer& tokenizer, std::string context, std::string continuation,
                                   int64_t prefix);

/// A mean of n hits and misses, and its standard error sqrt(mean (1 - mean) / (n - 1)); NaN of one.
struct Accuracy {
  int64_t hits = 0, n = 0;
  double mean() const { return double(hits) / double(n); }
  double standard_error() const;
};

struct ChoiceScores {
  Accuracy acc;           ///< the choice of the greatest log-likelihood is the answer
  Accuracy acc_norm;      ///< of the greatest log-likelihood over its characters (code points)
  Accuracy acc_bytes;     ///< of the greatest log-likelihood over its bytes
  int64_t truncated = 0;  ///< choices whose context lost tokens, from the left, to fit the model's
};

/// `delimiter` stands between context and choice and does not count in a choice's length (the harness's
/// target_delimiter). Of equal choices the first is taken. UsageError, naming the question, for a choice
/// that makes no token of its own or more than the model's context. `progress` counts choices.
ChoiceScores score_questions(const LanguageNetwork& network, const Tokenizer& tokenizer,
                             const std::vector<Question>& questions, const std::string& delimiter = "",
                             const std::function<void(int64_t done, int64_t all)>& progress = {});

}  // namespace uvic

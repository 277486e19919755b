// How well a language model predicts a text.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "language/network.h"

namespace uvic {

/// What a model makes of texts, in nats: the sum of -log p over all that was predicted.
struct Likelihood {
  double nats = 0;
  int64_t predictions = 0;
  int64_t bytes = 0;  ///< of the text that the predicted tokens stand for; 0: not known

  /// A prediction's mean, and exp of it.
  double loss() const { return nats / double(predictions); }
  double perplexity() const;
  double bits_per_token() const;
  /// Comparable across tokenizers.
  double bits_per_byte() const;
};

/// How many bytes of text tokens stand for.
class TokenBytes {
 public:
  /// Of a model of `vocab_size` tokens, one of which, `bos`, begins a document.
  TokenBytes(const Tokenizer& tokenizer, int64_t vocab_size, int64_t bos);
  /// The sum over tokens int64 [n], `before` them int64 [n]: at the beginning of a document some tokenizers
  /// put a blank that is not of the text.
  int64_t of(const at::Tensor& tokens, const at::Tensor& before) const;

 private:
  int64_t bos_;
  at::Tensor within_, at_beginning_;  // int64 [vocab_size]
};

/// A text as tokens that need not all be in memory.
struct TokenText {
  std::string name = {};  ///< for messages
  int64_t size = 0;
  /// int64 [count] on the CPU: tokens first .. first + count - 1.
  std::function<at::Tensor(int64_t first, int64_t count)> read = {};
};
/// Of int64 [n] on the CPU.
TokenText in_memory(const at::Tensor& tokens, const std::string& name);

/// Tokens first .. first + inputs - 1 of a text go into the network; of the tokens behind each the last
/// `scored` count.
struct Window {
  int64_t first = 0, inputs = 0, scored = 0;
  friend bool operator==(const Window&, const Window&) = default;
};

/// The windows over a text of `size` tokens: each token but the first is predicted once, with `context` -
/// `stride` tokens before it at least, or all there are. The last window is moved back to be full.
/// 1 <= stride <= context.
std::vector<Window> sliding_windows(int64_t size, int64_t context, int64_t stride);

/// Predicts each token of each text but its first, by sliding windows over the model's whole context; the
/// network keeps attention within a document, and the BOS that begins the next is predicted as any token.
/// `bytes` may be null. The sum does not depend on the machine's memory. UsageError, naming the text, for one
/// without two tokens and for tokens outside the vocabulary. `progress` is told of the predictions made so
/// far and of all.
Likelihood evaluate(const LanguageNetwork& network, const std::vector<TokenText>& texts, int64_t stride,
                    const TokenBytes* bytes = nullptr,
                    const std::function<void(int64_t done, int64_t all)>& progress = {});

}  // namespace uvic

#pragma once
#include <memory>
#include <string>
#include <vector>

#include "core/precision.h"
#include "nn/cogformer_options.h"
#include "nn/key_value_cache.h"
#include "text/tokenizer.h"

namespace uvic {

class Cogformer;
class CogformerDecoder;

/// A Cogformer as generation, evaluation and probes run it: without gradients, at a precision, on the device
/// that its weights are on. All calls of the network go through here. Tokens are int64 on the CPU; what comes
/// back is on the network's device.
class LanguageNetwork {
 public:
  explicit LanguageNetwork(std::shared_ptr<Cogformer> model, Precision precision = Precision::kFp32);

  const CogformerOptions& options() const;
  /// For `rows` texts of up to `capacity` tokens. The first call prepares the weights, as they are then, for
  /// `extend` and `step`.
  KeyValueCache new_cache(int64_t rows, int64_t capacity) const;

  /// See Cogformer. tokens [B, T] -> [B, T, dim].
  at::Tensor representations(const at::Tensor& tokens) const;
  /// [n, dim] -> [n, vocab_size], of float32 or more.
  at::Tensor logits(const at::Tensor& representations) const;
  /// log p(targets[i]) behind position places[i] of the B x T `inputs`: int64 [n] both -> float64 [n] on the
  /// CPU; n > 0. Holds 64 MiB of logits at a time. std::runtime_error where they are not finite.
  at::Tensor log_probs(const at::Tensor& inputs, const at::Tensor& places, const at::Tensor& targets) const;

  /// Goes on with a row of the cache: tokens [T] -> logits of the next token, float32 [vocab_size].
  at::Tensor extend(KeyValueCache& cache, int64_t row, const at::Tensor& tokens) const;
  /// One token more of each of `rows`: tokens [rows] -> logits, float32 [rows, vocab_size].
  at::Tensor step(KeyValueCache& cache, const std::vector<int64_t>& rows, const at::Tensor& tokens) const;

 private:
  std::shared_ptr<Cogformer> model_;
  mutable std::shared_ptr<const CogformerDecoder> decoder_;  // null until a cache is asked for
  Precision precision_;
  c10::Device device_;
};

/// The token that begins a document: the tokenizer's, else the model's; -1 if neither has one.
int64_t document_beginning(const Tokenizer& tokenizer, const CogformerOptions& model);

/// The tokens that end a document: the tokenizer's EOS, and what begins the next one. `tokenizer` may be
/// null.
std::vector<int64_t> document_ends(const Tokenizer* tokenizer, const CogformerOptions& model);

/// UsageError, `name` first, for one of `tokens`, int64 [n] from position `first` on, that a model of this
/// vocabulary does not have.
void check_vocabulary(const at::Tensor& tokens, int64_t vocab_size, const std::string& name,
                      int64_t first = 0);

}  // namespace uvic

// Texts from a language model, many at a time.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "language/generate_options.h"
#include "language/network.h"

namespace uvic {

/// A text to be: it depends on these two alone, not on the texts beside it. Its generator, LibTorch's on the
/// CPU, is seeded with `seed` and gives one uniform float64 a token.
struct Prompt {
  std::vector<int64_t> tokens;
  int64_t seed = 0;
};

enum class TextEnd { kLength, kDocument, kStopped };

struct GeneratedText {
  std::vector<int64_t> tokens;  ///< behind the prompt; the last is the end of the document, if that was drawn
  TextEnd end = TextEnd::kStopped;
};

/// What may be done while texts are made; `text` counts the prompts from 0.
struct GenerateHooks {
  /// logits: float32 [vocab_size] on the CPU, which the token was drawn from, before the filters.
  std::function<void(size_t text, int64_t token, const at::Tensor& logits)> on_token = {};
  std::function<void(size_t text, const GeneratedText& made)> on_text = {};
  /// Asked before each token; where it says yes, texts stay as they are.
  std::function<bool()> stopped = {};
};

/// Tokens that a text of this prompt is to have, at most. UsageError, `name` first, for a prompt that is
/// empty, has tokens outside the vocabulary or is too long for the context with what should follow.
int64_t length_for(const Prompt& prompt, const CogformerOptions& model, const GenerateOptions& options,
                   const std::string& name);

class TextGenerator {
 public:
  /// `ends`: tokens that end a document, and with it a text unless options.ignore_eos: the tokenizer's EOS,
  /// and the BOS that begins the next.
  TextGenerator(LanguageNetwork network, const GenerateOptions& options, std::vector<int64_t> ends);

  /// One text a prompt, in their order, each of which length_for takes. options.batch_size at a time: the
  /// next begins when one ends.
  std::vector<GeneratedText> run(const std::vector<Prompt>& prompts, const GenerateHooks& hooks = {}) const;

 private:
  LanguageNetwork network_;
  GenerateOptions options_;
  std::vector<int64_t> ends_;
};

}  // namespace uvic

// Generated texts on their way to people and files.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "language/generate.h"
#include "lm_prompts.h"

namespace uvic {

/// A text that was asked for.
struct TextRequest {
  const NamedPrompt* prompt;
  size_t number;  ///< the prompt's, from 1
  int64_t seed;
};

/// Shows texts on the standard output: the one that there is as its tokens come, of several each as a whole,
/// under a line that says which it is, in the order in which they were asked for. Without a tokenizer the
/// tokens' numbers.
class TextPrinter {
 public:
  struct Options {
    bool echo = false;    ///< the prompt first
    bool stream = false;  ///< of one text
  };
  TextPrinter(const Tokenizer* tokenizer, std::vector<TextRequest> requests, Options options);

  void add_token(int64_t token);
  void add_text(size_t text, const GeneratedText& made);
  /// Those that were stopped in between, and the last line's end.
  void finish(const std::vector<GeneratedText>& made);

 private:
  void print(size_t text, const GeneratedText& made) const;
  const Tokenizer* tokenizer_;
  std::vector<TextRequest> requests_;
  Options options_;
  std::optional<TextStream> stream_;
  std::vector<std::optional<GeneratedText>> waiting_;
  size_t printed_ = 0;  // texts
  bool at_beginning_;   // of the numbers that are streamed
};

/// A text of each prompt a seed, the seeds of a prompt together.
std::vector<TextRequest> requests_for(const std::vector<NamedPrompt>& prompts,
                                      const std::vector<int64_t>& seeds);

/// Writes texts to a file: JSON lines of prompt, seed, text, tokens and what ended it for x.jsonl, else what
/// TextPrinter shows of them.
void save_texts(const std::string& path, const Tokenizer* tokenizer, const std::vector<TextRequest>& requests,
                const std::vector<GeneratedText>& made, bool echo);

}  // namespace uvic

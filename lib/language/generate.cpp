#include "language/generate.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <unordered_set>

#include "core/errors.h"
#include "core/seeds.h"
#include "core/text.h"
#include "language/draw.h"

namespace uvic {
namespace {

/// A text that is being made, in a row of the cache.
struct Slot {
  size_t text = 0;
  int64_t row = 0, length = 0;
  at::Generator generator;
  std::unordered_set<int64_t> seen;
};

/// The texts of one run.
class Batch {
 public:
  Batch(const LanguageNetwork& network, const GenerateOptions& options, const std::vector<int64_t>& ends,
        const std::vector<Prompt>& prompts, std::vector<int64_t> lengths, const GenerateHooks& hooks)
      : network_(network),
        options_(options),
        ends_(ends),
        prompts_(prompts),
        lengths_(std::move(lengths)),
        hooks_(hooks),
        texts_(prompts.size()),
        cache_(network.new_cache(std::min(int64_t(prompts.size()), options.batch_size), capacity())) {
    for (int64_t row = cache_.rows(); row-- > 0;) free_rows_.push_back(row);
  }

  std::vector<GeneratedText> run() {
    while (!stopped() && (begin_text() || step())) {
    }
    return std::move(texts_);
  }

 private:
  int64_t capacity() const {
    int64_t most = 0;
    for (size_t i = 0; i < prompts_.size(); ++i)
      most = std::max(most, int64_t(prompts_[i].tokens.size()) + lengths_[i]);
    return most;
  }

  bool stopped() const { return hooks_.stopped && hooks_.stopped(); }

  /// The first token of the next text; false where there is no text or no room for one.
  bool begin_text() {
    if (next_ == prompts_.size() || free_rows_.empty()) return false;
    const Prompt& prompt = prompts_[next_];
    Slot slot{next_,
              free_rows_.back(),
              lengths_[next_],
              image_generator(prompt.seed),
              {prompt.tokens.begin(), prompt.tokens.end()}};
    ++next_;
    free_rows_.pop_back();
    cache_.clear(slot.row);
    const at::Tensor logits =
        network_.extend(cache_, slot.row, at::tensor(prompt.tokens, at::kLong)).to(at::kCPU);
    if (add_token(slot, logits)) slots_.push_back(std::move(slot));
    return true;
  }

  /// One token more of each text; false where there is none.
  bool step() {
    if (slots_.empty()) return false;
    std::vector<int64_t> rows, tokens;
    for (const Slot& slot : slots_) {
      rows.push_back(slot.row);
      tokens.push_back(texts_[slot.text].tokens.back());
    }
    const at::Tensor logits = network_.step(cache_, rows, at::tensor(tokens, at::kLong)).to(at::kCPU);
    std::vector<Slot> going_on;
    for (size_t i = 0; i < slots_.size(); ++i) {
      if (add_token(slots_[i], logits[int64_t(i)])) going_on.push_back(std::move(slots_[i]));
    }
    slots_ = std::move(going_on);
    return true;
  }

  /// Whether the text goes on.
  bool add_token(Slot& slot, const at::Tensor& logits) {
    GeneratedText& text = texts_[slot.text];
    const int64_t token = draw(slot, logits);
    text.tokens.push_back(token);
    slot.seen.insert(token);
    if (hooks_.on_token) hooks_.on_token(slot.text, token, logits);
    const bool document_ends = std::find(ends_.begin(), ends_.end(), token) != ends_.end();
    const bool full = int64_t(text.tokens.size()) == slot.length;
    if (!document_ends && !full) return true;
    text.end = document_ends ? TextEnd::kDocument : TextEnd::kLength;
    free_rows_.push_back(slot.row);
    if (hooks_.on_text) hooks_.on_text(slot.text, text);
    return false;
  }

  int64_t draw(Slot& slot, const at::Tensor& logits) const {
    const at::Tensor row = logits.contiguous();
    auto candidates = filter_tokens({row.const_data_ptr<float>(), size_t(row.numel())}, options_, slot.seen);
    if (options_.temperature == 0) return candidates.front().token;
    return draw_token(std::move(candidates), at::rand({}, slot.generator, at::kDouble).item<double>());
  }

  const LanguageNetwork& network_;
  const GenerateOptions& options_;
  const std::vector<int64_t>& ends_;
  const std::vector<Prompt>& prompts_;
  std::vector<int64_t> lengths_;
  const GenerateHooks& hooks_;
  std::vector<GeneratedText> texts_;
  KeyValueCache cache_;
  std::vector<int64_t> free_rows_;
  std::vector<Slot> slots_;
  size_t next_ = 0;
};

}  // namespace

int64_t length_for(const Prompt& prompt, const CogformerOptions& model, const GenerateOptions& options,
                   const std::string& name) {
  const int64_t context = model.max_seq_length, tokens = int64_t(prompt.tokens.size());
  check_usage(tokens > 0, name,
              ": is empty, and this model has no token that begins a document; give it one");
  check_vocabulary(at::tensor(prompt.tokens, at::kLong), model.vocab_size, name);
  check_usage(tokens < context, name, ": its ", tokens, " tokens leave no room in the model's context of ",
              context, " (model.max_seq_length)");
  if (options.length == 0) return context - tokens;
  check_usage(tokens + options.length <= context, name, ": its ", count_of(uint64_t(tokens), "token"),
              " and ", options.length, " to generate (generate.length) are more than the model's context of ",
              context, " (model.max_seq_length); at most ", context - tokens, " fit");
  return options.length;
}

TextGenerator::TextGenerator(LanguageNetwork network, const GenerateOptions& options,
                             std::vector<int64_t> ends)
    : network_(std::move(network)), options_(options), ends_(std::move(ends)) {
  if (options_.ignore_eos) ends_.clear();
}

std::vector<GeneratedText> TextGenerator::run(const std::vector<Prompt>& prompts,
                                              const GenerateHooks& hooks) const {
  std::vector<int64_t> lengths;
  for (size_t i = 0; i < prompts.size(); ++i)
    lengths.push_back(length_for(prompts[i], network_.options(), options_, c10::str("prompt ", i + 1)));
  if (prompts.empty()) return {};
  return Batch(network_, options_, ends_, prompts, std::move(lengths), hooks).run();
}

}  // namespace uvic

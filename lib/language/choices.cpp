#include "language/choices.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "core/errors.h"

namespace uvic {
namespace {

constexpr size_t kTokensABatch = 4096;
constexpr const char* kBlanks = " \t\n\v\f\r\x1c\x1d\x1e\x1f";  // of ASCII, what Python's rstrip takes off

/// A choice of a question as the network is to see it.
struct Item {
  size_t question = 0, choice = 0;
  std::vector<int64_t> tokens;  ///< at most one more than the model's context: the last is only predicted
  int64_t scored = 0;           ///< the last so many
  bool truncated = false;
};

Item item_of(const CogformerOptions& model, const Tokenizer& tokenizer,
             const std::vector<Question>& questions, size_t number, size_t choice,
             const std::string& delimiter) {
  const Question& question = questions[number];
  auto [tokens, continuation] = encode_pair(tokenizer, question.context, delimiter + question.choices[choice],
                                            document_beginning(tokenizer, model));
  const std::string what = c10::str(question.name, ": choice ", choice);
  const auto scored = int64_t(continuation.size());
  check_usage(scored > 0, what, " makes no token of its own behind its context");
  check_usage(!tokens.empty(), what, " follows no context, and there is no token that begins a document");
  check_usage(scored <= model.max_seq_length, what, ": its ", scored,
              " tokens are more than the model's context of ", model.max_seq_length);
  tokens.insert(tokens.end(), continuation.begin(), continuation.end());
  check_vocabulary(at::tensor(tokens, at::kLong), model.vocab_size, what);
  const auto excess = std::ptrdiff_t(tokens.size()) - (model.max_seq_length + 1);
  if (excess > 0) tokens.erase(tokens.begin(), tokens.begin() + excess);
  return {number, choice, std::move(tokens), scored, excess > 0};
}

/// Log-likelihoods of a batch of items, in their order.
std::vector<double> likelihoods_of_batch(const LanguageNetwork& network, std::span<const Item> items) {
  int64_t longest = 0;
  for (const Item& item : items) longest = std::max(longest, int64_t(item.tokens.size()) - 1);
  // Behind the tokens of a row it does not matter what stands: attention is causal.
  const at::Tensor inputs = at::zeros({int64_t(items.size()), longest}, at::kLong);
  std::vector<at::Tensor> places, targets;
  std::vector<int64_t> counts;
  for (size_t i = 0; i < items.size(); ++i) {
    const at::Tensor tokens = at::tensor(items[i].tokens, at::kLong);
    const int64_t n = tokens.numel() - 1, begin = int64_t(i) * longest + n - items[i].scored;
    inputs[int64_t(i)].slice(0, 0, n).copy_(tokens.slice(0, 0, n));
    places.push_back(at::arange(begin, begin + items[i].scored));
    targets.push_back(tokens.slice(0, n + 1 - items[i].scored));
    counts.push_back(items[i].scored);
  }
  std::vector<double> sums;
  const at::Tensor found = network.log_probs(inputs, at::cat(places), at::cat(targets));
  for (const at::Tensor& part : found.split_with_sizes(counts)) sums.push_back(part.sum().item<double>());
  return sums;
}

/// Those of each choice of each question.
std::vector<std::vector<double>> likelihoods_of(
    const LanguageNetwork& network, std::vector<Item> items, const std::vector<Question>& questions,
    const std::function<void(int64_t done, int64_t all)>& progress) {
  std::vector<std::vector<double>> found;
  for (const Question& question : questions) found.emplace_back(question.choices.size());
  // The longest first: a batch then is of about one length, and a shortage of memory shows at once.
  std::stable_sort(items.begin(), items.end(),
                   [](const Item& a, const Item& b) { return a.tokens.size() > b.tokens.size(); });
  for (size_t first = 0; first < items.size();) {
    const size_t most = std::max<size_t>(kTokensABatch / items[first].tokens.size(), 1);
    const auto batch = std::span(items).subspan(first, std::min(most, items.size() - first));
    const auto sums = likelihoods_of_batch(network, batch);
    for (size_t i = 0; i < batch.size(); ++i) found[batch[i].question][batch[i].choice] = sums[i];
    first += batch.size();
    if (progress) progress(int64_t(first), int64_t(items.size()));
  }
  return found;
}

int64_t characters(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; });
}

/// Whether the greatest of `likelihoods`, each over the length of its choice, is the answer's.
template <class Length>
bool hit(const Question& question, std::span<const double> likelihoods, Length length) {
  std::vector<double> normalised;
  for (size_t i = 0; i < likelihoods.size(); ++i)
    normalised.push_back(likelihoods[i] / double(length(question.choices[i])));
  return std::max_element(normalised.begin(), normalised.end()) - normalised.begin() == question.answer;
}

void count(Accuracy& accuracy, bool hit) {
  accuracy.hits += hit ? 1 : 0;
  ++accuracy.n;
}

}  // namespace

ContextAndContinuation encode_pair(const Tokenizer& tokenizer, std::string context, std::string continuation,
                                   int64_t prefix) {
  const size_t end = context.find_last_not_of(kBlanks);  // npos + 1 is 0
  continuation = context.substr(end + 1) + continuation;
  context.resize(end + 1);
  if (prefix < 0 && context.empty()) prefix = tokenizer.eos();
  const auto alone = tokenizer.encode(context), whole = tokenizer.encode(context + continuation);
  ContextAndContinuation parts;
  if (prefix >= 0) parts.context.push_back(prefix);
  parts.context.insert(parts.context.end(), alone.begin(), alone.end());
  const size_t known = std::min(alone.size(), whole.size());
  parts.continuation.assign(whole.begin() + std::ptrdiff_t(known), whole.end());
  return parts;
}

double Accuracy::standard_error() const {
  return std::sqrt(mean() * (1 - mean()) / double(n - 1));
}

ChoiceScores score_questions(const LanguageNetwork& network, const Tokenizer& tokenizer,
                             const std::vector<Question>& questions, const std::string& delimiter,
                             const std::function<void(int64_t done, int64_t all)>& progress) {
  ChoiceScores scores;
  std::vector<Item> items;
  for (size_t q = 0; q < questions.size(); ++q) {
    for (size_t c = 0; c < questions[q].choices.size(); ++c) {
      items.push_back(item_of(network.options(), tokenizer, questions, q, c, delimiter));
      scores.truncated += items.back().truncated ? 1 : 0;
    }
  }
  const auto found = likelihoods_of(network, std::move(items), questions, progress);
  for (size_t q = 0; q < questions.size(); ++q) {
    count(scores.acc, hit(questions[q], found[q], [](const std::string&) { return 1; }));
    count(scores.acc_norm, hit(questions[q], found[q], characters));
    count(scores.acc_bytes, hit(questions[q], found[q], [](const std::string& text) { return text.size(); }));
  }
  return scores;
}

}  // namespace uvic

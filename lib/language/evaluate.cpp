#include "language/evaluate.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "core/errors.h"
#include "core/text.h"

namespace uvic {
namespace {

constexpr int64_t kTokensAtATime = 4096;

/// A window and the text that it is over.
struct Place {
  const TokenText* text;
  Window window;
};

/// What windows of equal length predict.
Likelihood predict(const LanguageNetwork& network, std::span<const Place> places, const TokenBytes* bytes) {
  std::vector<at::Tensor> inputs, targets, scored;
  Likelihood sum;
  int64_t row = 0;
  for (const auto& [text, window] : places) {
    const at::Tensor tokens = text->read(window.first, window.inputs + 1);
    check_vocabulary(tokens, network.options().vocab_size, text->name, window.first);
    inputs.push_back(tokens.slice(0, 0, window.inputs));
    const int64_t begin = window.inputs - window.scored;
    targets.push_back(tokens.slice(0, begin + 1));
    scored.push_back(at::arange(row + begin, row + window.inputs));
    row += window.inputs;
    sum.predictions += window.scored;
    if (bytes != nullptr) sum.bytes += bytes->of(targets.back(), inputs.back().slice(0, begin));
  }
  sum.nats = -network.log_probs(at::stack(inputs), at::cat(scored), at::cat(targets)).sum().item<double>();
  return sum;
}

}  // namespace

double Likelihood::perplexity() const {
  return std::exp(loss());
}
double Likelihood::bits_per_token() const {
  return loss() / std::numbers::ln2;
}
double Likelihood::bits_per_byte() const {
  return nats / std::numbers::ln2 / double(bytes);
}

TokenBytes::TokenBytes(const Tokenizer& tokenizer, int64_t vocab_size, int64_t bos) : bos_(bos) {
  std::vector<int64_t> within(static_cast<size_t>(vocab_size)), at_beginning(within.size());
  for (int64_t token = 0; token < std::min(vocab_size, tokenizer.vocab_size()); ++token) {
    within[size_t(token)] = int64_t(tokenizer.piece(token).size());
    at_beginning[size_t(token)] = int64_t(tokenizer.decode({&token, 1}).size());
  }
  within_ = at::tensor(within, at::kLong);
  at_beginning_ = at::tensor(at_beginning, at::kLong);
}

int64_t TokenBytes::of(const at::Tensor& tokens, const at::Tensor& before) const {
  const at::Tensor bytes =
      at::where(before.eq(bos_), at_beginning_.index_select(0, tokens), within_.index_select(0, tokens));
  return bytes.sum().item<int64_t>();
}

TokenText in_memory(const at::Tensor& tokens, const std::string& name) {
  return {name, tokens.numel(),
          [tokens](int64_t first, int64_t count) { return tokens.slice(0, first, first + count); }};
}

std::vector<Window> sliding_windows(int64_t size, int64_t context, int64_t stride) {
  TORCH_CHECK(1 <= stride && stride <= context, "a stride of ", stride, " in a context of ", context);
  std::vector<Window> windows;
  const int64_t all = size - 1;  // to predict
  for (int64_t done = 0; done < all;) {
    const int64_t end = std::min(done == 0 ? context : done + stride, all);
    const int64_t first = std::max<int64_t>(end - context, 0);
    windows.push_back({first, end - first, end - done});
    done = end;
  }
  return windows;
}

Likelihood evaluate(const LanguageNetwork& network, const std::vector<TokenText>& texts, int64_t stride,
                    const TokenBytes* bytes, const std::function<void(int64_t done, int64_t all)>& progress) {
  std::vector<Place> places;
  int64_t all = 0;
  for (const TokenText& text : texts) {
    check_usage(text.size >= 2, text.name, ": has ", count_of(uint64_t(text.size), "token"),
                "; there must be one to predict from another");
    for (const Window& window : sliding_windows(text.size, network.options().max_seq_length, stride))
      places.push_back({&text, window});
    all += text.size - 1;
  }
  Likelihood sum;
  for (size_t first = 0; first < places.size();) {
    const int64_t inputs = places[first].window.inputs;
    const size_t most = first + size_t(std::max<int64_t>(kTokensAtATime / inputs, 1));
    size_t end = first;
    while (end < std::min(most, places.size()) && places[end].window.inputs == inputs) ++end;
    const Likelihood part = predict(network, std::span(places).subspan(first, end - first), bytes);
    sum.nats += part.nats;
    sum.predictions += part.predictions;
    sum.bytes += part.bytes;
    if (progress) progress(sum.predictions, all);
    first = end;
  }
  return sum;
}

}  // namespace uvic

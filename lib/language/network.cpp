#include "language/network.h"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <stdexcept>

#include "core/errors.h"
#include "language/not_finite.h"
#include "nn/autocast.h"
#include "nn/cogformer_decoder.h"

namespace uvic {
namespace {

/// What every call of the network is made under.
class Inference {
 public:
  Inference(Precision precision, c10::Device device)
      : autocast_(AutocastState::for_precision(precision, device)) {}

 private:
  at::NoGradGuard no_grad_;
  AutocastScope autocast_;
};

/// Sums of exponentials over a whole vocabulary are for float32.
at::Tensor at_least_float(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? x : x.to(at::kFloat);
}

}  // namespace

LanguageNetwork::LanguageNetwork(std::shared_ptr<Cogformer> model, Precision precision)
    : model_(std::move(model)), precision_(precision), device_(model_->parameters().front().device()) {}

const CogformerOptions& LanguageNetwork::options() const {
  return model_->options();
}

KeyValueCache LanguageNetwork::new_cache(int64_t rows, int64_t capacity) const {
  if (!decoder_) {
    const auto dtype = model_->parameters().front().scalar_type();
    decoder_ =
        std::make_shared<CogformerDecoder>(*model_, precision_ == Precision::kBf16 ? at::kBFloat16 : dtype);
  }
  return decoder_->new_cache(rows, capacity);
}

at::Tensor LanguageNetwork::representations(const at::Tensor& tokens) const {
  const Inference inference(precision_, device_);
  return model_->representations(tokens.to(device_));
}

at::Tensor LanguageNetwork::logits(const at::Tensor& representations) const {
  const Inference inference(precision_, device_);
  return at_least_float(model_->logits(representations.unsqueeze(0))[0]);
}

at::Tensor LanguageNetwork::log_probs(const at::Tensor& inputs, const at::Tensor& places,
                                      const at::Tensor& targets) const {
  const at::Tensor hidden = representations(inputs).flatten(0, 1).index_select(0, places.to(device_));
  const int64_t at_a_time = std::max<int64_t>((64 << 20) / (4 * options().vocab_size), 1);
  std::vector<at::Tensor> found;
  for (int64_t first = 0; first < hidden.size(0); first += at_a_time) {
    const auto distribution = at::log_softmax(logits(hidden.slice(0, first, first + at_a_time)), -1);
    const auto wanted = targets.slice(0, first, first + at_a_time).to(device_).unsqueeze(1);
    found.push_back(distribution.gather(1, wanted).squeeze(1).to(at::kCPU, at::kDouble));
  }
  const at::Tensor all = at::cat(found);
  if (!all.isfinite().all().item<bool>()) throw std::runtime_error(kNotFinite);
  return all;
}

at::Tensor LanguageNetwork::extend(KeyValueCache& cache, int64_t row, const at::Tensor& tokens) const {
  return decoder_->extend(cache, row, tokens).to(at::kFloat);
}

at::Tensor LanguageNetwork::step(KeyValueCache& cache, const std::vector<int64_t>& rows,
                                 const at::Tensor& tokens) const {
  return decoder_->step(cache, rows, tokens).to(at::kFloat);
}

int64_t document_beginning(const Tokenizer& tokenizer, const CogformerOptions& model) {
  return tokenizer.bos() >= 0 ? tokenizer.bos() : model.bos_token;
}

std::vector<int64_t> document_ends(const Tokenizer* tokenizer, const CogformerOptions& model) {
  std::vector<int64_t> ends = {model.bos_token};
  if (tokenizer != nullptr) ends.insert(ends.end(), {tokenizer->bos(), tokenizer->eos()});
  std::erase(ends, -1);
  return ends;
}

void check_vocabulary(const at::Tensor& tokens, int64_t vocab_size, const std::string& name, int64_t first) {
  const at::Tensor wrong = tokens.lt(0).logical_or(tokens.ge(vocab_size));
  if (!wrong.any().item<bool>()) return;
  const int64_t at = wrong.to(at::kByte).argmax().item<int64_t>();
  usage_error(name, ": token ", tokens[at].item<int64_t>(), " at position ", first + at,
              " is outside the model's vocabulary, 0 to ", vocab_size - 1);
}

}  // namespace uvic

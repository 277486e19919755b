#include "encoders/prompt_encoder.h"

#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "encoders/text_encoder.h"
#include "encoders/text_states.h"

namespace uvic {
namespace {

std::shared_ptr<const CaptionTokenizer> tokenizer_of_learned(const ModelOptions& model,
                                                             const TextOptions& text) {
  const std::string spec = text.tokenizer == "auto" ? "bytes" : text.tokenizer;
  auto tokenizer = std::make_shared<CaptionTokenizer>(open_tokenizer(spec), model.num_clip_token);
  check_usage(tokenizer->vocab_size() == model.text_vocab, "text.tokenizer: ", spec, " has ",
              tokenizer->vocab_size(), " tokens, but model.text_vocab is ", model.text_vocab);
  return tokenizer;
}

void check_width(const ModelOptions& model, const std::string& encoder, int64_t tokens, int64_t dim) {
  check_usage(tokens == model.num_clip_token && dim == model.clip_dim, "text.encoder: ", encoder, " gives ",
              tokens, " tokens of width ", dim, ", but model.num_clip_token x model.clip_dim is ",
              model.num_clip_token, "x", model.clip_dim);
}

}  // namespace

std::string text_identity(const std::string& tokenizer, const std::string& encoder_sha256) {
  return nlohmann::ordered_json{{"tokenizer", tokenizer}, {"encoder_sha256", encoder_sha256}}.dump();
}

PromptEncoder::PromptEncoder(const ModelOptions& model, const TextOptions& text, Precision precision,
                             c10::Device device)
    : device_(device) {
  TORCH_CHECK(text.has_encoder(), "PromptEncoder: text.encoder is none");
  if (text.learned()) {
    tokenizer_ = tokenizer_of_learned(model, text);
    return;
  }
  if (TextStates::are_in(text.encoder)) {
    check_usage(text.tokenizer != "auto", "text.tokenizer: must be the file of the texts that ", text.encoder,
                " holds the states of, one a line or a JSON list");
    states_ = std::make_shared<TextStates>(text.encoder, text.tokenizer);
    check_width(model, text.encoder, states_->tokens(), states_->dim());
    return;
  }
  TextEncoderOptions options;
  options.precision = precision;
  frozen_ = load_text_encoder(text.encoder, text.tokenizer == "auto" ? "" : text.tokenizer, device, options);
  tokenizer_ = frozen_->tokenizer();
  check_width(model, text.encoder, tokenizer_->length(), frozen_->dim());
}

PromptEncoder::~PromptEncoder() = default;

at::Tensor PromptEncoder::ids(const std::vector<std::string>& captions) const {
  return states_ ? states_->rows(captions) : tokenizer_->rows(captions);
}

at::Tensor PromptEncoder::context(const at::Tensor& ids) const {
  if (states_) return states_->states(ids).to(device_);
  return frozen_ ? frozen_->states(ids) : ids.to(device_);
}

std::string PromptEncoder::describe() const {
  if (states_) return states_->describe();
  return frozen_ ? frozen_->describe() : "learned encoder, " + tokenizer_->describe();
}

std::string PromptEncoder::identity() const {
  return text_identity(tokenizer_ ? tokenizer_->fingerprint() : "", frozen_ ? frozen_->weights_sha256() : "");
}

void PromptEncoder::check_same(const std::map<std::string, std::string>& metadata,
                               const std::string& source) const {
  const auto record = metadata.find(kTextEncoderKey);
  if (record == metadata.end()) return;
  const auto then = nlohmann::json::parse(record->second, nullptr, /*allow_exceptions=*/false);
  const auto now = nlohmann::json::parse(identity());
  for (const auto& [key, option] :
       {std::pair("tokenizer", "text.tokenizer"), std::pair("encoder_sha256", "text.encoder")}) {
    check_usage(then.is_object() && then.contains(key), source, ": its record ", kTextEncoderKey,
                " is damaged");
    check_usage(then.at(key).get<std::string>().empty() || then.at(key) == now.at(key), option,
                ": is not what the network of ", source, " was trained with (SHA-256 ", now.at(key).dump(),
                ", then ", then.at(key).dump(), ")");
  }
}

}  // namespace uvic

// From captions and prompts to what a network takes as its context.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/precision.h"
#include "nn/options.h"
#include "recipe/text_options.h"
#include "text/caption_tokenizer.h"

namespace uvic {

class TextEncoder;
class TextStates;

/// The metadata of weights files that says which tokenizer and text encoder a network was trained with.
inline constexpr auto kTextEncoderKey = "uvic.text";
/// What it holds, one line of JSON: fingerprints as of Tokenizer and TextEncoder; empty: none, or not known.
std::string text_identity(const std::string& tokenizer, const std::string& encoder_sha256);

class PromptEncoder {
 public:
  /// For a model whose context is made of text: `text` has an encoder. UsageError where encoder, tokenizer
  /// and model do not go together.
  PromptEncoder(const ModelOptions& model, const TextOptions& text, Precision precision, c10::Device device);
  ~PromptEncoder();

  /// Whether any text can be read: not where states of given texts are looked up, which has no tokenizer.
  bool reads_any() const { return tokenizer_ != nullptr; }
  const CaptionTokenizer& tokenizer() const { return *tokenizer_; }
  /// Rows of token ids, int64 [n, num_clip_token] on the CPU; of states that are looked up, their places [n,
  /// 1].
  at::Tensor ids(const std::vector<std::string>& captions) const;
  /// What the network takes for such rows, on its device: the states of a frozen encoder, float32 [n,
  /// num_clip_token, clip_dim], or those looked up; the ids themselves where the network has learnt to read.
  at::Tensor context(const at::Tensor& ids) const;
  /// "learned encoder, bytes, 48 tokens a caption".
  std::string describe() const;
  /// For kTextEncoderKey.
  std::string identity() const;
  /// UsageError, `source` (a weights file) first, if its metadata name another tokenizer or encoder.
  void check_same(const std::map<std::string, std::string>& metadata, const std::string& source) const;

 private:
  std::shared_ptr<const TextEncoder> frozen_;  // neither: learned
  std::shared_ptr<const TextStates> states_;
  std::shared_ptr<const CaptionTokenizer> tokenizer_;
  c10::Device device_;
};

}  // namespace uvic

// A frozen CLIP text encoder with its tokenizer: from texts to the states that a network takes as context.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>
#include <mutex>
#include <string>

#include "core/choice.h"
#include "core/precision.h"
#include "nn/clip_text.h"
#include "text/caption_tokenizer.h"

namespace uvic {

/// Whose states are taken, after the last norm in each case. `kAuto`: the last block's, but the one's before
/// it of an open_clip encoder inside a Stable Diffusion checkpoint, as Stable Diffusion 2 has it.
enum class EncoderLayer { kAuto, kLast, kPenultimate };
template <>
inline constexpr std::array kNamesOf<EncoderLayer> = {"auto", "last", "penultimate"};

struct TextEncoderOptions {
  Precision precision = Precision::kFp32;
  Choice<EncoderLayer> layer = EncoderLayer::kAuto;
  int64_t heads = 0;       ///< 0: what the configuration says, else the width / 64
  std::string activation;  ///< a name of ClipActivation; empty: likewise
};

class TextEncoder {
 public:
  TextEncoder(ClipText model, std::shared_ptr<const CaptionTokenizer> tokenizer, Precision precision,
              c10::Device device);

  /// Its rows are of `length` tokens, padded as the tokenizer's files say.
  std::shared_ptr<const CaptionTokenizer> tokenizer() const { return tokenizer_; }
  /// ids: int64 [B, T] on any device, T <= length. float32 [B, T, dim] on the encoder's device, without
  /// gradients.
  at::Tensor states(const at::Tensor& ids) const;
  int64_t dim() const { return model_.options().dim; }
  int64_t length() const { return model_.options().length; }
  /// 64 digits for the states that it gives in float32: of the weights that are used, by their names and as
  /// float32, and of heads, activation and epsilon; the same for every layout of file. The first call reads
  /// all weights. Thread-safe.
  const std::string& weights_sha256() const;
  /// "CLIP, 12 blocks of width 768, quick_gelu; clip, 77 tokens a caption".
  std::string describe() const;

 private:
  ClipText model_;
  std::shared_ptr<const CaptionTokenizer> tokenizer_;
  Precision precision_;
  c10::Device device_;
  mutable std::once_flag hashed_;
  mutable std::string sha256_;
};

/// `spec` as find_text_encoder's; the weights in any of the layouts of clip_layouts.h, the first where a file
/// has several. `tokenizer` as open_tokenizer's; empty: what lies beside the weights. What the shapes do not
/// tell is in the configuration beside the weights, or, if that fits, beside the tokenizer; else
/// options_of_shapes' guess, which is told. UsageError, one line, for what is missing or does not go
/// together.
std::shared_ptr<const TextEncoder> load_text_encoder(const std::string& spec, const std::string& tokenizer,
                                                     c10::Device device,
                                                     const TextEncoderOptions& options = {});

}  // namespace uvic

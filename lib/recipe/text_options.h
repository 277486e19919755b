#pragma once
#include <string>

#include "core/options.h"

namespace uvic {

inline constexpr auto kLearnedEncoder = "learned";

/// What turns captions and prompts into a network's context: the `text` section.
struct TextOptions {
  std::string encoder = "none", tokenizer = "auto";

  bool has_encoder() const { return encoder != "none"; }
  bool learned() const { return encoder == kLearnedEncoder; }
  /// Whether `encoder` is weights of their own.
  bool frozen() const { return has_encoder() && !learned(); }

  void visit(FieldList& fields) {
    fields("encoder", encoder,
           "what makes text into context tokens: none (there is no text, or a pack holds states made "
           "elsewhere), "
           "learned (a part of the network, see model.text_vocab), or CLIP's text encoder: a folder, a "
           "weights file or "
           "a whole Stable Diffusion checkpoint; of sampling also a .npy of states [texts, tokens, dim] that "
           "another encoder has made (text.tokenizer is then the file of the texts)")
        .mark(kFreeOnResume | kPath);
    fields("tokenizer", tokenizer,
           "what parts text into tokens: bytes, a folder with vocab.json and merges.txt, a SentencePiece "
           "model, or "
           "auto: bytes for a learned encoder, what lies beside its weights for CLIP's")
        .mark(kFreeOnResume | kPath)
        .read_only_by({has_encoder(), "text encoders (text.encoder)"});
  }
};

}  // namespace uvic

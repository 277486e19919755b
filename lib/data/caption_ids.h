#pragma once
#include "data/captions.h"
#include "text/caption_tokenizer.h"

namespace uvic {

/// The row of token ids of a caption, int64 [tokens]: as it is kept, if `tokenizer` has made it, else of its
/// text.
at::Tensor caption_ids(const Captions& captions, int64_t image, int64_t caption,
                       const CaptionTokenizer& tokenizer);

}  // namespace uvic

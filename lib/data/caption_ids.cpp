#include "data/caption_ids.h"

#include <ATen/ops/empty.h>

#include <algorithm>

namespace uvic {

at::Tensor caption_ids(const Captions& captions, int64_t image, int64_t caption,
                       const CaptionTokenizer& tokenizer) {
  at::Tensor ids = at::empty({tokenizer.length()}, at::kLong);
  auto* to = ids.mutable_data_ptr<int64_t>();
  const auto kept = captions.ids(image, caption);
  if (!kept.empty() && captions.tokenizer() == tokenizer.fingerprint()) {
    TORCH_CHECK(int64_t(kept.size()) == tokenizer.length(), "rows of ", kept.size(),
                " tokens are kept, not of ", tokenizer.length());
    std::copy(kept.begin(), kept.end(), to);
  } else {
    const auto row = tokenizer.row(captions.text(image, caption));
    std::copy(row.begin(), row.end(), to);
  }
  return ids;
}

}  // namespace uvic

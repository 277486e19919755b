#include "data/pack/captions.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include "core/errors.h"
#include "data/pack/record.h"

namespace uvic {

PackCaptions::View PackCaptions::view(int64_t image, int64_t caption) const {
  const std::string_view bytes = file_->captions(image);
  const int64_t n = count(image);
  TORCH_CHECK(0 <= caption && caption < n, "no caption ", caption, " of ", n);
  const char* states = bytes.data() + size_t(n) * sizeof(uint32_t);
  return {.text_ends = reinterpret_cast<const uint32_t*>(bytes.data()),
          .states = states,
          .ids = states + n * file_->contents().states_bytes(),
          .texts = bytes.substr(size_t(n * file_->contents().caption_bytes()))};
}

std::string PackCaptions::text(int64_t image, int64_t caption) const {
  const View all = view(image, caption);
  const uint32_t begin = caption == 0 ? 0 : all.text_ends[caption - 1], end = all.text_ends[caption];
  check_usage(begin <= end && end <= all.texts.size(), file_->name(), ": the captions of image ", image,
              " do not fit their record");
  return std::string(all.texts.substr(begin, end - begin));
}

std::vector<int32_t> PackCaptions::ids(int64_t image, int64_t caption) const {
  const PackContents& contents = file_->contents();
  if (contents.caption_length == 0) return {};
  return ids_of_bytes(
      {view(image, caption).ids + caption * contents.ids_bytes(), size_t(contents.ids_bytes())},
      contents.ids_dtype);
}

at::Tensor PackCaptions::states(int64_t image, int64_t caption) const {
  const PackContents& contents = file_->contents();
  if (contents.states_of.empty()) return {};
  return states_at(view(image, caption).states + caption * contents.states_bytes());
}

at::Tensor PackCaptions::null_states() const {
  return file_->contents().states_of.empty() ? at::Tensor() : states_at(file_->null_states().data());
}

at::Tensor PackCaptions::states_at(const char* bytes) const {
  const PackContents& contents = file_->contents();
  return at::from_blob(const_cast<char*>(bytes), {contents.states_tokens, contents.states_dim},
                       contents.states_dtype)
      .to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
}

}  // namespace uvic

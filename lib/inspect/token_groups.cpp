#include "inspect/token_groups.h"

#include <ATen/ATen.h>
#include <c10/util/StringUtil.h>

namespace uvic {
namespace {

int64_t caption_length(const int64_t* ids, int64_t count) {
  int64_t length = count;
  while (length >= 2 && ids[length - 2] == ids[count - 1]) --length;
  return length;
}

bool is_corner(const ModelOptions& model, int64_t patch) {
  const auto [rows, columns] = model.grid();
  const int64_t row = patch / columns, column = patch % columns;
  return (row == 0 || row == rows - 1) && (column == 0 || column == columns - 1);
}

}  // namespace

at::Tensor token_groups(const ModelOptions& model, int64_t images, const at::Tensor& caption_ids) {
  at::Tensor groups = at::empty({images, model.num_tokens()}, at::kLong);
  auto group = groups.accessor<int64_t, 2>();
  const at::Tensor ids =
      caption_ids.defined() ? caption_ids.to(at::kCPU, at::kLong).contiguous() : at::Tensor();
  const int64_t L = model.num_clip_token;
  for (int64_t image = 0; image < images; ++image) {
    int64_t i = 0;
    if (model.conditional()) group[image][i++] = int64_t(TokenGroup::kLabel);
    group[image][i++] = int64_t(TokenGroup::kTime);
    const int64_t text = ids.defined() ? caption_length(ids.const_data_ptr<int64_t>() + image * L, L) : L;
    for (int64_t j = 0; j < L; ++j)
      group[image][i++] = int64_t(j < text ? TokenGroup::kText : TokenGroup::kPadding);
    for (int64_t patch = 0; patch < model.num_patches(); ++patch)
      group[image][i++] = int64_t(is_corner(model, patch) ? TokenGroup::kCorner : TokenGroup::kPatch);
  }
  return groups;
}

std::string block_name(int64_t index, int64_t depth) {
  if (index == depth / 2) return "mid_block";
  return index < depth / 2 ? "in_blocks." + std::to_string(index)
                           : "out_blocks." + std::to_string(index - depth / 2 - 1);
}

std::string token_name(const ModelOptions& model, int64_t index) {
  const int64_t time = model.conditional() ? 1 : 0;
  if (index < time) return "label";
  if (index == time) return "time";
  if (index < model.extras()) return c10::str("text ", index - time - 1);
  const int64_t patch = index - model.extras(), columns = model.grid()[1];
  return c10::str("patch ", patch / columns, ",", patch % columns,
                  is_corner(model, patch) ? " (corner)" : "");
}

}  // namespace uvic

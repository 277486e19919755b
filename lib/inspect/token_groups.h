// What kinds of tokens there are.
#pragma once
#include <ATen/core/Tensor.h>

#include <array>

#include "core/choice.h"
#include "nn/options.h"

namespace uvic {

enum class TokenGroup { kLabel, kTime, kText, kPadding, kCorner, kPatch };
template <>
inline constexpr std::array kNamesOf<TokenGroup> = {"label", "time", "text", "padding", "corner", "patch"};
constexpr size_t kTokenGroups = kNamesOf<TokenGroup>.size();

/// The group of every token of `images` images, int64 [images, N]. `caption_ids`: int64 [images,
/// num_clip_token], undefined where captions are not known as ids: then all of them are text. Padding is the
/// equal ids that end a row but for the first, which may be what ends the text.
at::Tensor token_groups(const ModelOptions& model, int64_t images, const at::Tensor& caption_ids = {});

/// "in_blocks.0", "mid_block", "out_blocks.1": block `index` of a network of `depth`.
std::string block_name(int64_t index, int64_t depth);

/// "time", "patch 3,4 (corner)", "text 7": a token by its index.
std::string token_name(const ModelOptions& model, int64_t index);

}  // namespace uvic

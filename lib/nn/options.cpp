#include "nn/options.h"

#include <algorithm>
#include <charconv>

#include "core/errors.h"

namespace uvic {
namespace {

// Whether one entry of softmax_layers names block `index`.
bool names_block(const std::string& entry, int64_t index, int64_t depth) {
  if (entry == "none") return false;
  if (entry == "all") return true;
  if (entry == "first") return index == 0;
  if (entry == "last") return index == depth;
  if (entry == "lower_half") return index <= depth / 2;
  int64_t number = -1;
  const auto [end, error] = std::from_chars(entry.data(), entry.data() + entry.size(), number);
  check_usage(error == std::errc{} && end == entry.data() + entry.size() && number >= 0 && number <= depth,
              "model.softmax_layers: '", entry,
              "' must be first, last, lower_half, all, none, or a block index from 0 to ", depth);
  return index == number;
}

}  // namespace

AttentionKind ModelOptions::attention_kind(int64_t index) const {
  if (attention != AttentionKind::kCog) return AttentionKind::kSoftmax;
  const bool stays = std::any_of(softmax_layers.begin(), softmax_layers.end(),
                                 [&](const std::string& entry) { return names_block(entry, index, depth); });
  return stays ? AttentionKind::kSoftmax : AttentionKind::kCog;
}

void ModelOptions::validate() const {
  check_usage(img_size.size() == 1 || img_size.size() == 2,
              "model.img_size: must be one number or [height, width], got ", img_size.size(), " numbers");
  check_usage(height() % patch_size == 0 && width() % patch_size == 0, "model.patch_size: ", patch_size,
              " must divide the image's height and width, ", height(), " x ", width());
  check_usage(embed_dim % num_heads == 0, "model.num_heads: ", num_heads, " must divide model.embed_dim ",
              embed_dim);
  check_usage(depth % 2 == 0, "model.depth: ", depth, " must be even (half in_blocks, half out_blocks)");
  check_usage(num_classes != 0, "model.num_classes: must be -1 (unconditional) or at least 1, got 0");
  check_usage(
      null_label != NullLabel::kLast || num_classes != 1,
      "model.num_classes: with model.null_label last the last row is the null label, so at least 2 are "
      "needed, got 1");
  attention_kind(0);  // reports a wrong name in softmax_layers
}

}  // namespace uvic

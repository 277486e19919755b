#include "nn/options.h"

#include "core/errors.h"

namespace uvic {
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
  check_usage(!learns_text() || has_context(), "model.text_vocab: ", text_vocab,
              " needs model.num_clip_token, the tokens of a text");
  check_usage(!learns_text() || clip_dim % text_heads == 0, "model.text_heads: ", text_heads,
              " must divide model.clip_dim ", clip_dim);
  attention_kind(0);  // reports a wrong name in softmax_layers
}

}  // namespace uvic

#include "nn/cogformer_options.h"

#include "core/errors.h"

namespace uvic {

void CogformerOptions::validate() const {
  check_usage(dim % n_heads == 0, "model.n_heads: ", n_heads, " must divide model.dim ", dim);
  check_usage(head_dim() % 2 == 0, "model.n_heads: ", n_heads, " heads of model.dim ", dim, " are ",
              head_dim(), " wide; the rotary embedding needs an even width");
  check_usage(bos_token < vocab_size, "model.bos_token: ", bos_token, " must be below model.vocab_size ",
              vocab_size);
  attention_kind(0);  // reports a wrong name in softmax_layers
}

}  // namespace uvic

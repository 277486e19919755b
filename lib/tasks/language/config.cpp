#include "tasks/language/config.h"

#include "core/errors.h"

namespace uvic {

void LanguageConfig::validate() const {
  LanguageRecipe::validate();
  optimizer.validate();
  train.validate();
  check_together(train, optimizer);
  check_usage(train.eval_interval == 0,
              "train.eval_interval: a language model is judged by its validation loss (train.val_interval); "
              "leave it at 0");
  check_usage(preview.length <= model.max_seq_length, "preview.length: ", preview.length,
              " tokens are more than model.max_seq_length ", model.max_seq_length);
}

}  // namespace uvic

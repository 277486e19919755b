#pragma once
#include <memory>

#include "tasks/language/config.h"
#include "text/tokenizer.h"
#include "train/task.h"

namespace uvic {

class Cogformer;

/// RUN/samples/step-XXXXXXXX.txt: how the model goes on with preview.prompts, with the same seed a prompt
/// each time. Nothing if `context.stopping`. A warning where the network's logits are not finite.
void write_texts(const std::shared_ptr<Cogformer>& model, const Tokenizer& tokenizer,
                 const LanguageConfig& config, int64_t step, const TaskContext& context);

}  // namespace uvic

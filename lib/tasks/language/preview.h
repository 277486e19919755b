#pragma once
#include <memory>
#include <vector>

#include "language/generate.h"
#include "tasks/language/config.h"
#include "text/tokenizer.h"
#include "train/task.h"

namespace uvic {

class Cogformer;

/// preview.prompts as tokens, seeds in turn. UsageError, naming the prompt, for one that does not fit.
std::vector<Prompt> preview_prompts(const LanguageConfig& config, const Tokenizer& tokenizer);

/// RUN/samples/step-XXXXXXXX.txt: how the model goes on with `prompts`, with the same seed a prompt each
/// time. Nothing if `context.stopping`. A warning where the network's logits are not finite.
void write_texts(const std::shared_ptr<Cogformer>& model, const Tokenizer& tokenizer,
                 const std::vector<Prompt>& prompts, const LanguageConfig& config, int64_t step,
                 const TaskContext& context);

}  // namespace uvic

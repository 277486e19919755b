#pragma once
#include <cstdint>

#include "core/options.h"
#include "core/precision.h"

namespace uvic {

/// How text is generated: the `generate` section, and the options of `uvic-lm generate`. The filters work in
/// the order in which they stand here, as transformers' do: repetition penalty (CTRL, Keskar et al. 2019),
/// temperature, top-k (Fan et al. 2018), top-p (Holtzman et al. 2020), min-p (Nguyen et al. 2024).
struct GenerateOptions {
  int64_t length = 0;
  double repetition_penalty = 1;
  double temperature = 1;
  int64_t top_k = 0;
  double top_p = 1, min_p = 0;
  bool ignore_eos = false;
  int64_t batch_size = 16;
  Choice<Precision> precision = Precision::kFp32;

  void visit(FieldList& fields) {
    // None of it changes what is trained.
    const auto add = [&](const char* name, auto& value, const char* help, Allowed allowed = {}) -> Field& {
      return fields(name, value, help, std::move(allowed)).mark(kFreeOnResume);
    };
    add("length", length, "tokens to generate at most; 0: as many as the model's context takes",
        between(0, 1 << 20));
    add("repetition_penalty", repetition_penalty,
        "logits of tokens that the text already has are divided by this where positive, multiplied where "
        "negative; 1 is off",
        between(1e-3, 1e3));
    add("temperature", temperature, "logits are divided by this; 0: always the likeliest token (greedy)",
        between(0, 1e3));
    add("top_k", top_k, "draw among the k likeliest tokens; 0: among all", between(0, 1 << 24));
    add("top_p", top_p,
        "draw among the fewest likeliest tokens that have this probability together (nucleus); 1 is off",
        between(0, 1));
    add("min_p", min_p, "draw among tokens of at least this share of the likeliest's probability; 0 is off",
        between(0, 1));
    add("ignore_eos", ignore_eos, "go on where the model ends the document (by its EOS, or a next BOS)");
    add("batch_size", batch_size, "texts generated at a time", between(1, 1 << 16)).mark(kLastBits);
    add("precision", precision, "of the network's matrix products");
  }
};

}  // namespace uvic

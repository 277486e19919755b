// What is needed to make text with a network: the network, and how text is generated.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "core/config.h"
#include "language/generate_options.h"
#include "nn/cogformer_options.h"

namespace uvic {

struct LanguageRecipe {
  CogformerOptions model;
  GenerateOptions generate;

  void visit(FieldList& fields) {
    fields.section("model", model);
    fields.section("generate", generate);
  }

  /// Throws UsageError, naming the keys, if values of different keys do not go together.
  void validate() const { model.validate(); }
};

/// A recipe among the sections that only its training reads; they are kept as they were found.
struct LanguageRecipeFile {
  LanguageRecipe recipe = {};
  OtherSections training = OtherSections({"preview", "data", "optimizer", "train"});

  std::string to_yaml() const { return print_yaml(fields_of(recipe), training); }
};

/// Metadata of weights files: which tokenizer the tokens are of, and the fingerprint of what makes it up.
inline constexpr auto kTokenizerKey = "uvic.tokenizer";
inline constexpr auto kTokenizerHashKey = "uvic.tokenizer_hash";

/// The model of weights without a configuration of ours, as far as the file says: the authors' `model_cfg`
/// beside the weights (vocab_size, dim, n_layers, n_heads, hidden_dim, max_seq_length, norm_eps; attn_type
/// "np" is Cog, "vanilla" softmax), in a pickle's dict or as JSON in the metadata `config`. nullopt if it
/// says nothing. UsageError, `source` first, for values that are none, and for a mixture of experts.
std::optional<CogformerOptions> authors_model(const std::map<std::string, std::string>& settings,
                                              const std::map<std::string, std::string>& metadata,
                                              const std::string& source);

}  // namespace uvic

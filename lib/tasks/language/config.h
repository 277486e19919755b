// The whole configuration of training a language model: every section, once.
#pragma once
#include "language/recipe.h"
#include "train/options.h"

namespace uvic {

struct TokenDataOptions {
  std::string path = {}, val_path = {}, tokenizer = {};

  void visit(FieldList& fields) {
    fields("path", path,
           "tokens to train on: a pack of `uvic-lm pack`, llm.c's or nanoGPT's .bin, a .npy, or a folder of "
           "train.bin and val.bin")
        .mark(kFreeOnResume | kPath);
    fields("val_path", val_path, "held-out tokens; unless set, those that data.path holds out")
        .mark(kFreeOnResume | kPath);
    fields("tokenizer", tokenizer,
           "what the tokens are of, for the previews' prompts: bytes, a SentencePiece .model, or a folder of "
           "vocab.json and merges.txt; unless set, what data.path says (bytes need no files)")
        .mark(kFreeOnResume | kPath);
  }
};

/// The engine's keys, and how a language model is judged while it is trained.
struct LanguageTrainOptions : TrainOptions {
  int64_t val_tokens = 100000;

  void visit(FieldList& fields) {
    TrainOptions::visit(fields);
    fields("val_tokens", val_tokens, "held-out tokens that a validation loss is over, at most", at_least(2))
        .mark(kFreeOnResume);
  }
};

/// The texts that are written during training; how they are drawn is `generate`'s.
struct TextPreviewOptions {
  std::vector<std::string> prompts = {""};
  int64_t length = 200;

  void visit(FieldList& fields) {
    fields("prompts", prompts, "beginnings of the texts that are written while training; '': of a document")
        .mark(kFreeOnResume);
    fields("length", length, "tokens of each, at most", between(1, 1 << 20)).mark(kFreeOnResume);
  }
};

/// What generating reads comes first: a weights file's other sections are those of
/// LanguageRecipeFile::training.
struct LanguageConfig : LanguageRecipe {
  TextPreviewOptions preview;
  TokenDataOptions data;
  OptimizerOptions optimizer;
  LanguageTrainOptions train;

  void visit(FieldList& fields) {
    LanguageRecipe::visit(fields);
    fields.section("preview", preview);
    fields.section("data", data);
    fields.section("optimizer", optimizer);
    fields.section("train", train);
  }

  /// Nothing here is worked out from other keys.
  void resolve() {}
  /// Throws UsageError, naming the keys, if values of different keys do not go together.
  void validate() const;
  std::string to_yaml() const { return print_yaml(fields_of(*this)); }
};

}  // namespace uvic

#include "lm_eval.h"

#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/text.h"
#include "io/read_file.h"
#include "language/choices.h"
#include "lm_prompts.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

/// A line of a table: a name, a number, what it is.
void print_line(const char* name, double value, const std::string& note) {
  char line[64];
  std::snprintf(line, sizeof line, "%-16s %-10.6g ", name, value);
  std::cout << line << note << "\n";
}

void print(const Likelihood& found) {
  print_line("loss", found.loss(), c10::str("nats a token, mean of ", found.predictions));
  print_line("perplexity", found.perplexity(), "a token");
  print_line("bits per token", found.bits_per_token(), "loss / ln 2");
  if (found.bytes > 0)
    print_line("bits per byte", found.bits_per_byte(), c10::str("of text, ", found.bytes, " of them"));
}

Json json_of(const Likelihood& found) {
  Json json = {{"loss", found.loss()},
               {"tokens", found.predictions},
               {"perplexity", found.perplexity()},
               {"bits_per_token", found.bits_per_token()},
               {"bits_per_byte", nullptr},
               {"bytes", nullptr}};
  if (found.bytes > 0) {
    json["bits_per_byte"] = found.bits_per_byte();
    json["bytes"] = found.bytes;
  }
  return json;
}

constexpr std::pair<const char*, Accuracy ChoiceScores::*> kAccuracies[] = {
    {"acc", &ChoiceScores::acc},
    {"acc_norm", &ChoiceScores::acc_norm},
    {"acc_bytes", &ChoiceScores::acc_bytes}};

void print(const ChoiceScores& scores) {
  for (const auto& [name, accuracy] : kAccuracies) {
    char error[48];
    std::snprintf(error, sizeof error, "+- %.3g (standard error)", (scores.*accuracy).standard_error());
    print_line(name, (scores.*accuracy).mean(), error);
  }
}

Json json_of(const ChoiceScores& scores) {
  Json json;
  for (const auto& [name, accuracy] : kAccuracies) {
    json[name] = (scores.*accuracy).mean();
    json[std::string(name) + "_stderr"] = (scores.*accuracy).standard_error();  // NaN of one question: null
  }
  json["questions"] = scores.acc.n;
  json["truncated"] = scores.truncated;
  return json;
}

/// As `evaluate` and its like tell of their progress.
class Progress {
 public:
  explicit Progress(const char* unit) : unit_(unit) {}
  void operator()(int64_t done, int64_t all) {
    if (!bar_) bar_.emplace("evaluating", unit_, all);
    bar_->update(done);
  }

 private:
  const char* unit_;
  std::optional<ProgressBar> bar_;
};

}  // namespace

void EvalCommand::add_to(CLI::App& app) {
  model.add_to(app);
  auto* from_text = app.add_option("--text", text, "a file of text, one document; - is the standard input");
  auto* from_tokens =
      app.add_option("--tokens", tokens,
                     "tokens: a pack of uvic-lm, llm.c's or nanoGPT's .bin, or .npy: [n], or [B, T] of "
                     "which each row is a text")
          ->excludes(from_text);
  app.add_option("--choices", choices,
                 "multiple-choice questions, a line each: {\"context\": \"...\", \"choices\": [\"...\", "
                 "...], \"answer\": 0}; acc takes the likeliest choice, acc_norm that of the greatest "
                 "log-likelihood a character, acc_bytes a byte, as EleutherAI's harness")
      ->excludes(from_text)
      ->excludes(from_tokens);
  app.add_option("--split", split, "of --tokens: held-out, train, or auto: what is held out, if something is")
      ->check(CLI::IsMember({"auto", "held-out", "train"}))
      ->capture_default_str();
  app.add_option("--stride", stride,
                 "tokens by which the window of the model's context slides on: each is predicted from at "
                 "least context - stride before it; 0: half the context")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 20))
      ->capture_default_str();
  app.add_option("--delimiter", delimiter,
                 "what stands between context and choice, and does not count in a choice's length; by "
                 "default nothing: choices then begin with their blank")
      ->type_name("DELIMITER");  // not TEXT: a tilde in it is a tilde
  app.add_option("--precision", precision, "of the network's matrix products")
      ->check(CLI::IsMember(Choice<Precision>(Precision::kFp32).names()))
      ->capture_default_str();
  app.add_flag("--json", json, "print JSON instead of a table");
}

int EvalCommand::run() const {
  check_usage(!text.empty() || !tokens.empty() || !choices.empty(),
              "give what to evaluate on: --text, --tokens or --choices");
  LoadedLanguageModel loaded = model.find();
  if (model.config.print_config) {
    std::cout << loaded.config.to_yaml();
    return kDone;
  }
  const int64_t context = loaded.recipe().model.max_seq_length;
  check_usage(stride <= context, "--stride ", stride, ": is more than the model's context of ", context,
              " (model.max_seq_length)");
  return choices.empty() ? evaluate_texts(loaded) : answer_questions(loaded);
}

TokenTexts EvalCommand::open_texts(const LoadedLanguageModel& loaded) const {
  if (!text.empty()) {
    const Tokenizer& tokenizer = tokenizer_for("--text", loaded);
    const std::string name = text == "-" ? "standard input" : text;
    return texts_of(tokenizer, text == "-" ? read_standard_input() : read_text(text), name,
                    document_beginning(tokenizer, loaded.recipe().model));
  }
  std::shared_ptr<const TokenFile> file;
  if (split != "train") file = open_tokens(tokens, TokenSplit::kHeldOut);
  check_usage(file || split != "held-out", "--split held-out: ", tokens, " holds nothing out");
  if (!file) file = open_tokens(tokens, TokenSplit::kTrain);
  const auto trained_with = loaded.metadata.find(kTokenizerHashKey);
  const std::string& hash = file->info().tokenizer_hash;
  check_usage(hash.empty() || trained_with == loaded.metadata.end() || hash == trained_with->second,
              "--tokens ", tokens, ": was made with another tokenizer (", file->info().tokenizer,
              ") than the one that ", loaded.file.string(), " was trained with");
  return texts_of(file, tokens);
}

int EvalCommand::evaluate_texts(LoadedLanguageModel& loaded) const {
  const CogformerOptions& options = loaded.recipe().model;
  const TokenTexts texts = open_texts(loaded);
  load_weights_of(loaded, loaded.device);
  std::optional<TokenBytes> bytes;
  if (texts.bytes == 0 && loaded.tokenizer)
    bytes.emplace(*loaded.tokenizer, options.vocab_size, document_beginning(*loaded.tokenizer, options));
  Progress progress("tokens");
  Likelihood found = evaluate(LanguageNetwork(loaded.model, Choice<Precision>(precision)), texts.texts,
                              stride > 0 ? stride : (options.max_seq_length + 1) / 2,
                              bytes ? &*bytes : nullptr, std::ref(progress));
  if (texts.bytes > 0) found.bytes = texts.bytes;
  if (json) {
    std::cout << json_of(found).dump() << std::endl;
  } else {
    print(found);
  }
  return kDone;
}

int EvalCommand::answer_questions(LoadedLanguageModel& loaded) const {
  const Tokenizer& tokenizer = tokenizer_for("--choices", loaded);
  const auto questions = read_questions(choices);
  load_weights_of(loaded, loaded.device);
  Progress progress("choices");
  const ChoiceScores scores = score_questions(LanguageNetwork(loaded.model, Choice<Precision>(precision)),
                                              tokenizer, questions, delimiter, std::ref(progress));
  if (scores.truncated > 0)
    log_warning(choices, ": the context of ", count_of(uint64_t(scores.truncated), "choice"),
                " did not fit the model's and lost its beginning");
  if (json) {
    std::cout << json_of(scores).dump() << std::endl;
  } else {
    print(scores);
  }
  return kDone;
}

}  // namespace uvic

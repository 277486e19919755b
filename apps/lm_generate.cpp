#include "lm_generate.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>

#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/seeds.h"
#include "core/signals.h"
#include "core/text.h"
#include "io/npy.h"
#include "io/npy_writer.h"
#include "io/output_path.h"

namespace uvic {
namespace {

std::string rate_text(int64_t tokens, double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f tokens/s", double(tokens) / std::max(seconds, 1e-9));
  return text;
}

/// Of texts that are all whole, or else were stopped by a signal.
int exit_code(const std::vector<GeneratedText>& made) {
  const auto whole = std::count_if(made.begin(), made.end(),
                                   [](const GeneratedText& text) { return text.end != TextEnd::kStopped; });
  if (size_t(whole) == made.size()) return kDone;
  return interrupted(c10::str(whole, " of ", count_of(made.size(), "text"), " whole")), kInterrupted;
}

}  // namespace

void GenerateCommand::add_to(CLI::App& app) {
  model.add_to(app, "generate");
  prompts.add_to(app);
  app.add_option("--seed,--seeds", seeds,
                 "5, or 0-99 (inclusive), or 5,6,1007: a text of each prompt a seed, the same whatever is "
                 "made beside it")
      ->capture_default_str();
  app.add_flag("--greedy", greedy, "always the likeliest token: --temperature 0")->excludes("--temperature");
  app.add_flag("--echo", echo, "show prompts before what follows them");
  app.add_flag("--no-stream", no_stream, "show a text when it is whole, not as its tokens come");
  app.add_option("--out", out,
                 "write texts to this file instead of the standard output: x.jsonl is a line of prompt, "
                 "seed, text and tokens each, anything else text");
  app.add_option("--out-tokens", out_tokens,
                 "of one text: its tokens behind the prompt, int64 [tokens], .npy");
  app.add_option("--logprobs", logprobs,
                 "of one text: log-probabilities of all tokens for each that was drawn, before "
                 "temperature and filters, float32 [tokens, vocabulary], .npy");
}

int GenerateCommand::run() {
  if (greedy) model.config.assign({"generate.temperature=0"});
  const auto chosen = parse_seeds(seeds);
  LoadedLanguageModel loaded = model.find();
  if (model.config.print_config) {
    std::cout << loaded.config.to_yaml();
    return kDone;
  }
  const auto named = prompts.read(loaded);
  const auto requests = requests_for(named, chosen);
  check_outputs(requests.size());
  for (const NamedPrompt& prompt : named)
    length_for({prompt.tokens, 0}, loaded.recipe().model, loaded.recipe().generate, prompt.name);
  load_weights_of(loaded, loaded.device);
  install_signal_handlers();
  return generate(loaded, requests);
}

void GenerateCommand::check_outputs(size_t texts) const {
  if (!out.empty()) check_output_file("--out", out);
  for (const auto& [option, path] :
       {std::pair("--out-tokens", out_tokens), std::pair("--logprobs", logprobs)}) {
    if (path.empty()) continue;
    check_output_file(option, path, {".npy"});
    check_usage(texts == 1, option, " is of one text, but there are ", texts,
                "; --out x.jsonl keeps the tokens of several");
  }
}

int GenerateCommand::generate(const LoadedLanguageModel& loaded,
                              const std::vector<TextRequest>& requests) const {
  const GenerateOptions& options = loaded.recipe().generate;
  std::vector<Prompt> wanted;
  int64_t most = 0;
  for (const TextRequest& request : requests) {
    wanted.push_back({request.prompt->tokens, request.seed});
    most += length_for(wanted.back(), loaded.recipe().model, options, request.prompt->name);
  }
  const Tokenizer* tokenizer = loaded.tokenizer.get();
  std::optional<TextPrinter> printer;
  std::optional<ProgressBar> bar;
  if (out.empty()) {
    printer.emplace(tokenizer, requests,
                    TextPrinter::Options{.echo = echo, .stream = requests.size() == 1 && !no_stream});
  } else {
    bar.emplace("generating", "tokens", most);
  }
  std::optional<NpyWriter> distributions;
  if (!logprobs.empty()) distributions.emplace(logprobs, std::vector{most, loaded.recipe().model.vocab_size});
  int64_t tokens = 0;
  const GenerateHooks hooks{
      .on_token =
          [&](size_t, int64_t token, const at::Tensor& logits) {
            ++tokens;
            if (printer) printer->add_token(token);
            if (bar) bar->update(tokens);
            if (distributions)
              distributions->append(at::log_softmax(logits.to(at::kDouble), -1).to(at::kFloat).unsqueeze(0));
          },
      .on_text =
          [&](size_t text, const GeneratedText& made) {
            if (printer) printer->add_text(text, made);
          },
      .stopped = [] { return received_signal() != 0; }};

  const TextGenerator generator(LanguageNetwork(loaded.model, options.precision), options,
                                prompts.are_tokens()
                                    ? std::vector<int64_t>{}
                                    : document_ends(loaded.tokenizer.get(), loaded.recipe().model));
  const auto began = std::chrono::steady_clock::now();
  const auto made = generator.run(wanted, hooks);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
  if (printer) printer->finish(made);
  if (bar) bar->finish();
  if (!out.empty()) save_texts(out, tokenizer, requests, made, echo);
  if (!out_tokens.empty()) save_npy(out_tokens, at::tensor(made.front().tokens, at::kLong));
  if (distributions) distributions->finish();
  log_info(count_of(made.size(), "text"), ", ", count_of(uint64_t(tokens), "token"), ", ",
           rate_text(tokens, seconds.count()), out.empty() ? "" : "; wrote " + out);
  return exit_code(made);
}

}  // namespace uvic

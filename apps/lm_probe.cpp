#include "lm_probe.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/log.h"
#include "io/output_path.h"
#include "io/png.h"
#include "language/probe_plot.h"

namespace uvic {

void ProbeCommand::add_to(CLI::App& app) {
  model.add_to(app);
  app.add_option("--against", against,
                 "weights of another model, such as one with softmax attention, to compare with; may "
                 "be given up to three times")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  app.add_option("--lengths", lengths,
                 "numbers of ones, such as 1,10,100; by default 1, 2, 3, 4, 6, 8, 12 ... up to the context")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::PositiveNumber);
  auto* first = app.add_option("--one", one, "the token that is repeated, by number; by default the digit 1");
  auto* second = app.add_option("--zero", zero, "the token before them; by default the digit 0");
  first->needs(second)->check(CLI::NonNegativeNumber);
  second->needs(first)->check(CLI::NonNegativeNumber);
  app.add_flag("--no-bos", no_bos, "do not begin with the token that begins a document");
  app.add_option("--norm", norm,
                 "of the difference between two representations, in the table and the plot: l1, l2, max, or "
                 "relative: l2 over that of n ones")
      ->check(CLI::IsMember(distance_names()))
      ->capture_default_str();
  app.add_option("--precision", precision, "of the network's matrix products")
      ->check(CLI::IsMember(Choice<Precision>(Precision::kFp32).names()))
      ->capture_default_str();
  app.add_option("--plot", plot, "a PNG: both tests over n, on logarithmic axes");
  app.add_flag("--json", json, "print all norms as JSON instead of a table");
}

std::vector<LoadedLanguageModel> ProbeCommand::find_models() const {
  std::vector<LoadedLanguageModel> models;
  models.push_back(model.find());
  for (const std::string& checkpoint : against) {
    auto other = find_language_model(
        checkpoint, model.weights,
        [this](LanguageRecipeFile& file) { model.config.apply_to(fields_of(file.recipe), &file.training); },
        "--against");
    other.device = models.front().device;
    other.tokenizer = tokenizer_of(other, model.tokenizer);
    models.push_back(std::move(other));
  }
  return models;
}

ProbeTokens ProbeCommand::tokens_for(const LoadedLanguageModel& loaded) const {
  const CogformerOptions& options = loaded.recipe().model;
  const int64_t bos = no_bos             ? -1
                      : loaded.tokenizer ? document_beginning(*loaded.tokenizer, options)
                                         : options.bos_token;
  if (one >= 0) return {one, zero, bos};
  check_usage(loaded.tokenizer != nullptr, loaded.file.string(),
              ": which tokens are digits is not known; give the --tokenizer, or --one and --zero");
  return digit_tokens(*loaded.tokenizer, bos);
}

int ProbeCommand::run() const {
  check_usage(against.size() <= 3, "--against: ", against.size(), " models; at most three go into a table");
  if (!plot.empty()) check_output_file("--plot", plot, {".png"});
  auto models = find_models();
  if (model.config.print_config) {
    std::cout << models.front().config.to_yaml();
    return kDone;
  }
  std::vector<ProbeTokens> tokens;
  int64_t most = std::numeric_limits<int64_t>::max();
  for (const LoadedLanguageModel& loaded : models) {
    tokens.push_back(tokens_for(loaded));
    most = std::min(most, most_ones(loaded.recipe().model, tokens.back()));
  }
  check_usage(most >= 1, "the model's context is too short for a sequence to compare");
  const auto chosen = lengths.empty() ? probe_lengths(most) : lengths;
  const int64_t longest = *std::max_element(chosen.begin(), chosen.end());
  check_usage(longest <= most, "--lengths ", longest, ": the model's context has room for ", most, " ones");
  std::vector<ProbeResult> results;
  for (size_t i = 0; i < models.size(); ++i) {
    LoadedLanguageModel& loaded = models[i];
    load_weights_of(loaded, loaded.device);
    results.push_back(
        {loaded.recipe().model.attention.name() + ": " + loaded.file.string(),
         probe(LanguageNetwork(loaded.model, Choice<Precision>(precision)), tokens[i], chosen)});
    loaded.model = nullptr;  // one at a time in memory
  }
  print(results);
  if (plot.empty()) return kDone;
  save_png(plot, plot_probe(results, norm));
  log_info("wrote ", plot);
  return kDone;
}

void ProbeCommand::print(const std::vector<ProbeResult>& results) const {
  if (json) {
    nlohmann::ordered_json all = nlohmann::json::array();
    for (const ProbeResult& result : results) all.push_back(probe_json(result));
    std::cout << all.dump() << std::endl;
    return;
  }
  const auto value = [&](const Distance& distance) { return distance.*norm_named(norm); };
  char cell[64];
  for (const ProbeResult& result : results) {
    std::cout << result.name << "\n";
    std::snprintf(cell, sizeof cell, "%8s  %14s  %14s\n", "n", "n + 1 ones", "zero before");
    std::cout << cell;
    for (const ProbeRow& row : result.rows) {
      std::snprintf(cell, sizeof cell, "%8ld  %14.6g  %14.6g\n", row.ones, value(row.one_more),
                    value(row.zero_before));
      std::cout << cell;
    }
  }
  std::cout << std::flush;
}

}  // namespace uvic

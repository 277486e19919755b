#include "train/ab_results.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "core/seeds.h"
#include "core/text.h"
#include "train/paired.h"
#include "train/run_log.h"

namespace uvic {
namespace {

constexpr double kTail = 0.1;  // of the steps, whose training losses count

bool is_speed(const std::string& key) {
  return key.ends_with("_per_second");
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + int64_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

bool all_have(const AbResults& results, const std::string& key) {
  return std::all_of(results.figures.begin(), results.figures.end(), [&](const auto& runs) {
    return std::all_of(runs.begin(), runs.end(), [&](const auto& run) { return run.contains(key); });
  });
}

std::vector<double> values_of(const AbResults& results, size_t variant, const std::string& key) {
  std::vector<double> values;
  for (const RunFigures& run : results.figures[variant]) values.push_back(run.at(key));
  return values;
}

// Keys that every run has and that begin with `beginning`, in natural order.
std::vector<std::string> keys_of(const AbResults& results, const std::string& beginning) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : results.figures[0][0])
    if (key.starts_with(beginning) && all_have(results, key)) keys.push_back(key);
  return keys;
}

std::vector<std::string> compared_keys(const AbResults& results) {
  std::vector<std::string> keys = {results.loss()};
  if (all_have(results, "fid")) keys.emplace_back("fid");
  for (const auto& [key, value] : results.figures[0][0])
    if (is_speed(key) && all_have(results, key)) keys.push_back(key);
  return keys;
}

struct Compared {
  Estimate value, difference;
  double p = NAN;
};

Compared compare(const AbResults& results, size_t variant, const std::string& key) {
  const auto values = values_of(results, variant, key);
  Compared compared{.value = estimate(values), .difference = {}};
  if (variant == 0) return compared;
  compared.difference = estimate(paired_differences(values_of(results, 0, key), values));
  compared.p = paired_t_test(compared.difference);
  return compared;
}

std::string formatted(const char* format, int digits, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, digits, value);
  return text;
}

// To two digits of the error: "0.03120 ± 0.00043".
std::string text_of(const Estimate& estimate, bool sign) {
  const double error = estimate.standard_error;
  if (!(error > 1e-12 * std::abs(estimate.mean))) return formatted(sign ? "%+.*g" : "%.*g", 4, estimate.mean);
  const int decimals = std::clamp(1 - int(std::floor(std::log10(error))), 0, 12);
  return formatted(sign ? "%+.*f" : "%.*f", decimals, estimate.mean) + " ± " +
         formatted("%.*f", decimals, error);
}

std::string row_text(const std::vector<std::string>& cells) {
  return "| " + join(cells, " | ") + " |\n";
}

std::string header_text(const std::vector<std::string>& cells) {
  std::string rule = "|";
  for (size_t i = 0; i < cells.size(); ++i) rule += i == 0 ? "---|" : "---:|";
  return row_text(cells) + rule + "\n";
}

// A row a variant, of each key its value and what it differs by.
std::string table_text(const AbResults& results, const std::vector<std::string>& keys,
                       const std::vector<std::string>& titles, bool parameters) {
  const bool tested = results.seeds.size() >= 3;
  std::vector<std::string> head = {"variant"};
  if (parameters) head.emplace_back("parameters");
  for (const std::string& title : titles) {
    head.push_back(title), head.emplace_back("difference");
    if (tested) head.emplace_back("p");
  }
  std::string text = header_text(head);
  for (size_t i = 0; i < results.variants.size(); ++i) {
    std::vector<std::string> cells = {results.variants[i].name};
    if (parameters) cells.push_back(format_count(double(results.parameters[i])));
    for (const std::string& key : keys) {
      const Compared compared = compare(results, i, key);
      cells.push_back(text_of(compared.value, false));
      cells.push_back(i == 0 ? "" : text_of(compared.difference, true));
      if (tested) cells.push_back(std::isnan(compared.p) ? "" : formatted("%.*g", 2, compared.p));
    }
    text += row_text(cells);
  }
  return text;
}

// The loss by tenths of the noise schedule, the differences in a table of their own.
std::string levels_text(const AbResults& results, const std::vector<std::string>& keys) {
  std::vector<std::string> head = {"variant"};
  for (const std::string& key : keys) head.push_back(key.substr(key.rfind('_') + 1));
  std::string text = header_text(head);
  for (size_t i = 0; i < results.variants.size(); ++i) {
    std::vector<std::string> values = {results.variants[i].name}, moves = {"- " + results.variants[0].name};
    for (const std::string& key : keys) {
      const Compared compared = compare(results, i, key);
      values.push_back(text_of(compared.value, false));
      moves.push_back(i == 0 ? "" : text_of(compared.difference, true));
    }
    text += row_text(values);
    if (i > 0) text += row_text(moves);
  }
  return text;
}

std::string title_of(const std::string& key) {
  if (key == "loss") return "loss";
  if (key == "fid") return "FID";
  if (is_speed(key)) return key.substr(0, key.find('_')) + "/s";
  return key;
}

std::string meaning_of(const std::string& loss) {
  if (loss == "loss") return "loss: the mean training loss over the last tenth of the steps";
  return loss + ": on held-out data after the last step" +
         (loss.ends_with("_ema") ? ", of the averaged weights" : "");
}

// Null where there is none.
nlohmann::ordered_json json_number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json json_of(const Estimate& estimate) {
  return {{"mean", json_number(estimate.mean)}, {"standard_error", json_number(estimate.standard_error)}};
}

}  // namespace

RunFigures figures_of_run(const std::filesystem::path& run, int64_t steps) {
  std::map<std::string, std::vector<double>> tails, speeds;
  RunFigures figures;
  for_each_metric(run, [&](int64_t step, const std::string& key, double value) {
    if (!std::isfinite(value)) return;
    if (is_speed(key)) {
      speeds[key].push_back(value);
    } else if (key.starts_with("loss")) {
      if (double(step) > double(steps) * (1 - kTail)) tails[key].push_back(value);
    } else if (step == steps) {
      figures[key] = value;
    }
  });
  for (const auto& [key, values] : tails) figures[key] = estimate(values).mean;
  for (const auto& [key, values] : speeds) figures[key] = median(values);
  return figures;
}

std::string AbResults::loss() const {
  for (const char* key : {"val_loss_ema", "val_loss"})
    if (all_have(*this, key)) return key;
  return "loss";
}

std::string ab_markdown(const AbResults& results) {
  const auto keys = compared_keys(results), levels = keys_of(results, "loss_t");
  std::vector<std::string> titles;
  for (const std::string& key : keys) titles.push_back(title_of(key));
  std::string text = results.heading + "\n";
  text += c10::str(count_of(results.seeds.size(), "seed"), " (", seeds_text(results.seeds),
                   "), mean ± standard error; differences are from ", results.variants[0].name,
                   ", paired by seed", results.seeds.size() >= 3 ? "; p: two-sided paired t test" : "", ".\n",
                   meaning_of(results.loss()), ".\n\n");
  text += table_text(results, keys, titles, /*parameters=*/true);
  if (!levels.empty())
    text += "\nMean training loss over the last tenth of the steps by noise level, t0 the least noise:\n\n" +
            levels_text(results, levels);
  return text;
}

std::string ab_json(const AbResults& results) {
  auto keys = compared_keys(results);
  for (std::string& key : keys_of(results, "loss_t")) keys.push_back(std::move(key));
  nlohmann::ordered_json json = {{"heading", results.heading},
                                 {"seeds", results.seeds},
                                 {"baseline", results.variants[0].name},
                                 {"loss", results.loss()},
                                 {"variants", nlohmann::ordered_json::array()}};
  for (size_t i = 0; i < results.variants.size(); ++i) {
    nlohmann::ordered_json variant = {{"name", results.variants[i].name},
                                      {"set", results.variants[i].assignments},
                                      {"parameters", results.parameters[i]}};
    for (const std::string& key : keys) {
      const Compared compared = compare(results, i, key);
      auto entry = json_of(compared.value);
      entry["values"] = values_of(results, i, key);
      if (i > 0) {
        entry["difference"] = json_of(compared.difference);
        entry["difference"]["p"] = json_number(compared.p);
      }
      variant["figures"][key] = entry;
    }
    json["variants"].push_back(variant);
  }
  return json.dump(2) + "\n";
}

}  // namespace uvic

#include <algorithm>
#include <array>
#include <regex>

#include "report/chart.h"

namespace uvic {
namespace {

/// The measurements whose names match are one chart.
struct Group {
  const char *title, *note, *names;
  bool from_zero = false;
};

constexpr auto kLevels = "Loss by noise level";
const std::array kGroups = {
    Group{"Loss", "", "loss|val_loss|val_loss_ema"},
    Group{kLevels, "mean loss by tenths of the noise times, least noise first", "loss_t[0-9]"},
    Group{"FID", "Fréchet distance of samples; lower is better", "fid", true},
    Group{"Bits per byte", "of held-out text", "val_bits_per_byte|val_bits_per_byte_ema"},
    Group{"Learning rate", "", "lr", true},
    Group{"Gradient norm", "before clipping", "grad_norm"},
    Group{"Speed", "", "[a-z]+_per_second", true},
    Group{"Waiting for data", "share of the time", "data_wait_fraction", true},
};
// Counters that the header shows or whose curve says nothing.
const std::regex kLeftOut("images|tokens|fid_images|skipped_steps|skipped_images");

std::string line_label(const std::string& name) {
  static const std::regex level("loss_t([0-9])");
  std::smatch match;
  if (std::regex_match(name, match, level))
    return "t " + std::string(match[1] == "0" ? "0" : "0." + match[1].str()) + "–" +
           (match[1] == "9" ? "1" : "0." + std::to_string(std::stoi(match[1]) + 1));
  std::string label = name;
  std::replace(label.begin(), label.end(), '_', ' ');
  return label;
}

bool is_counter_of_nothing(const std::string& name, const Curve& curve) {
  if (std::regex_match(name, kLeftOut)) return true;
  return curve.size() == 0 && curve.not_finite() == 0;
}

}  // namespace

std::vector<Chart> charts_of(const RunFacts& run) {
  std::vector<Chart> charts;
  std::vector<std::string> taken;
  for (const Group& group : kGroups) {
    Chart chart{group.title, group.note, {}, group.from_zero};
    const std::regex names(group.names);
    for (const auto& [name, curve] : run.metrics.curves) {
      if (!std::regex_match(name, names) || is_counter_of_nothing(name, curve)) continue;
      taken.push_back(name);
      const char palette = chart.title == kLevels ? 'n' : 'c';
      chart.lines.push_back({line_label(name), palette + std::to_string(chart.lines.size()), &curve});
    }
    if (!chart.lines.empty()) charts.push_back(std::move(chart));
  }
  for (const auto& [name, curve] : run.metrics.curves) {
    if (is_counter_of_nothing(name, curve) || std::find(taken.begin(), taken.end(), name) != taken.end())
      continue;
    charts.push_back({line_label(name), "", {{line_label(name), "c0", &curve}}, false});
  }
  return charts;
}

std::vector<Chart> charts_of(const std::vector<RunFacts>& runs) {
  std::vector<std::string> names;
  for (const RunFacts& run : runs) {
    for (const auto& [name, curve] : run.metrics.curves) {
      const bool known = std::find(names.begin(), names.end(), name) != names.end();
      if (!known && !is_counter_of_nothing(name, curve)) names.push_back(name);
    }
  }
  // The losses of the noise levels last: they are ten.
  std::stable_partition(names.begin(), names.end(), [](auto& name) { return !name.starts_with("loss_t"); });
  std::vector<Chart> charts;
  for (const std::string& name : names) {
    const auto group = std::find_if(kGroups.begin(), kGroups.end(), [&](const Group& g) {
      return std::regex_match(name, std::regex(g.names));
    });
    const bool level = name.starts_with("loss_t");
    Chart chart{level ? "Loss at " + line_label(name) : line_label(name),
                "",
                {},
                group != kGroups.end() && group->from_zero};
    for (size_t i = 0; i < runs.size(); ++i) {
      if (const Curve* curve = runs[i].metrics.find(name))
        chart.lines.push_back({runs[i].name(), "c" + std::to_string(i), curve});
    }
    charts.push_back(std::move(chart));
  }
  return charts;
}

}  // namespace uvic

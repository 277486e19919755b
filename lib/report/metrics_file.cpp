#include "report/metrics_file.h"

#include <algorithm>
#include <fstream>

#include "core/errors.h"
#include "train/run_log.h"

namespace uvic {

const Curve* RunMetrics::find(const std::string& name) const {
  const auto found = std::find_if(curves.begin(), curves.end(), [&](auto& c) { return c.first == name; });
  return found == curves.end() ? nullptr : &found->second;
}

namespace {

Curve& curve_of(RunMetrics& metrics, const std::string& name) {
  auto& curves = metrics.curves;
  const auto found = std::find_if(curves.begin(), curves.end(), [&](auto& c) { return c.first == name; });
  return found == curves.end() ? curves.emplace_back(name, Curve()).second : found->second;
}

// False for what is not a line of measurements.
bool add_line(RunMetrics& metrics, const std::string& line) {
  const bool read = read_metrics_line(line, [&](int64_t step, const std::string& name, double value) {
    metrics.last_step = std::max(metrics.last_step, step);
    curve_of(metrics, name).add(step, value);
  });
  metrics.lines += int64_t(read);
  return read;
}

}  // namespace

RunMetrics read_metrics(const std::filesystem::path& run_directory) {
  const auto file = run_directory / "metrics.jsonl";
  std::ifstream lines(file);
  check_usage(lines.is_open(), file.string(), ": there is no such file that can be read: nothing to report");
  RunMetrics metrics;
  for (std::string line; std::getline(lines, line);) {
    const bool unfinished = lines.eof();
    if (!line.empty() && !add_line(metrics, line) && !unfinished) ++metrics.unreadable;
  }
  check_usage(metrics.lines > 0, file.string(), ": holds no measurements yet: nothing to report");
  return metrics;
}

}  // namespace uvic

#include "train/run_log.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "io/atomic_file.h"
#include "io/read_file.h"
#include "io/truncate_events.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

fs::path metrics_file(const fs::path& run_directory) {
  return run_directory / "metrics.jsonl";
}

nlohmann::json parse_line(const std::string& line) {
  return nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
}

// Drops what lies past `step`. The step after it, if there is anything that a reader may have read.
std::optional<int64_t> begin_behind(const fs::path& run_directory, int64_t step) {
  truncate_metrics(run_directory, step);
  truncate_events(run_directory, step);
  return fs::exists(metrics_file(run_directory)) ? std::optional(step + 1) : std::nullopt;
}

}  // namespace

RunLog::RunLog(const fs::path& run_directory, int64_t step)
    : events_(run_directory, begin_behind(run_directory, step)), lines_(metrics_file(run_directory)) {}

void RunLog::write(int64_t step, const Values& values) {
  nlohmann::ordered_json line = {{"step", step}};
  for (const auto& [name, value] : values) {
    const bool whole = std::abs(value) < 1e15 && value == std::floor(value);
    if (whole) {
      line[name] = int64_t(value);
    } else {
      line[name] = value;
    }
    events_.add_scalar("train/" + name, value, step);
  }
  lines_.add(line.dump() + "\n");
  lines_.write();
  events_.flush();
}

void RunLog::write_image(int64_t step, const std::string& tag, const at::Tensor& image) {
  events_.add_image(tag, image, step);
  events_.flush();
}

void truncate_metrics(const fs::path& run_directory, int64_t step) {
  const fs::path file = metrics_file(run_directory);
  if (!fs::exists(file)) return;
  const std::string whole = read_text(file);
  std::istringstream lines(whole);
  std::string kept, line;
  while (std::getline(lines, line)) {
    const auto json = parse_line(line);
    if (json.is_object() && json.value("step", INT64_MAX) <= step) kept += line + "\n";
  }
  if (kept != whole) write_file_atomically(file, kept);
}

bool read_metrics_line(const std::string& line, const OnMetric& f) {
  const auto json = nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return false;
  const auto step = json.find("step");
  if (step == json.end() || !step->is_number_integer()) return false;
  for (const auto& [key, value] : json.items()) {
    if (key != "step" && (value.is_number() || value.is_null()))
      f(step->get<int64_t>(), key, value.is_null() ? NAN : value.get<double>());
  }
  return true;
}

void for_each_metric(const fs::path& run_directory, const OnMetric& f) {
  std::ifstream lines(metrics_file(run_directory));
  for (std::string line; std::getline(lines, line);) read_metrics_line(line, f);
}

bool has_metric(const fs::path& run_directory, int64_t step, const std::string& key) {
  std::ifstream lines(metrics_file(run_directory));
  for (std::string line; std::getline(lines, line);) {
    const auto json = parse_line(line);
    if (json.is_object() && json.value("step", int64_t{-1}) == step && json.contains(key)) return true;
  }
  return false;
}

}  // namespace uvic

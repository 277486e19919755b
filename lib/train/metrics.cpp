#include "train/metrics.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace uvic {

MetricsLog::MetricsLog(const std::filesystem::path& run_directory)
    : path_(run_directory / "metrics.jsonl"), lines_(path_, std::ios::app), events_(run_directory) {}

void MetricsLog::write(int64_t step, const std::vector<std::pair<std::string, double>>& values) {
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
  lines_ << line.dump() << std::endl;
  events_.flush();
  TORCH_CHECK(lines_.good(), "cannot write ", path_.string());
}

void MetricsLog::write_image(int64_t step, const std::string& tag, const at::Tensor& image) {
  events_.add_image(tag, image, step);
  events_.flush();
}

bool has_metric(const std::filesystem::path& run_directory, int64_t step, const std::string& key) {
  std::ifstream lines(run_directory / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.value("step", int64_t{-1}) == step && json.contains(key)) return true;
  }
  return false;
}

}  // namespace uvic

#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "io/tensorboard.h"

namespace uvic {

/// metrics.jsonl and TensorBoard events of a run.
class MetricsLog {
 public:
  explicit MetricsLog(const std::filesystem::path& run_directory);
  /// One line, keys in the given order after `step`; a value that is not finite is written as null.
  void write(int64_t step, const std::vector<std::pair<std::string, double>>& values);
  /// uint8 [C, H, W], to TensorBoard.
  void write_image(int64_t step, const std::string& tag, const at::Tensor& image);

 private:
  std::filesystem::path path_;
  std::ofstream lines_;
  EventWriter events_;
};

/// Whether metrics.jsonl of a run has a line of `step` with `key`.
bool has_metric(const std::filesystem::path& run_directory, int64_t step, const std::string& key);

}  // namespace uvic

#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "io/append_file.h"
#include "io/tensorboard.h"

namespace uvic {

/// Names and numbers, in the order in which they are written.
using Values = std::vector<std::pair<std::string, double>>;

/// metrics.jsonl and TensorBoard events of a run. A disk that is full ends no run: what cannot be written
/// waits until it can (AppendFile).
class RunLog {
 public:
  /// Goes on behind `step`: later lines of metrics.jsonl and later events are dropped, and declared void for
  /// whoever has read them already.
  RunLog(const std::filesystem::path& run_directory, int64_t step);
  /// One line, keys in the given order after `step`; a value that is not finite is written as null.
  void write(int64_t step, const Values& values);
  /// uint8 [C, H, W], to TensorBoard.
  void write_image(int64_t step, const std::string& tag, const at::Tensor& image);

 private:
  EventWriter events_;
  AppendFile lines_;
};

/// Drops the lines of a run's metrics.jsonl past `step`, and a last one that a kill cut short.
void truncate_metrics(const std::filesystem::path& run_directory, int64_t step);

using OnMetric = std::function<void(int64_t step, const std::string& key, double value)>;

/// The numbers of a line of metrics.jsonl, in its order; NaN for null, which is what was not finite. False,
/// and there are none, for what is no line of measurements.
bool read_metrics_line(const std::string& line, const OnMetric& f);

/// Those of all lines of a run's metrics.jsonl.
void for_each_metric(const std::filesystem::path& run_directory, const OnMetric& f);

/// Whether metrics.jsonl of a run has a line of `step` with `key`.
bool has_metric(const std::filesystem::path& run_directory, int64_t step, const std::string& key);

}  // namespace uvic

// A progress bar on a terminal; nothing elsewhere (callers log plain lines at their own pace).
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace uvic {

/// `1:05`, `2:03:04`, or `3d 04:05:06`.
std::string format_duration(double seconds);

class ProgressBar {
 public:
  /// `title` stands before the bar, `unit` after the counts ("steps"). Nothing is drawn until the first
  /// `update`.
  ProgressBar(std::string title, std::string unit, int64_t total, int64_t start = 0);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Redraws at most ten times a second. `detail` is free text at the end: "loss 0.0321  310 images/s".
  void update(int64_t done, const std::string& detail = "");
  /// Ends the bar's line. Called by the destructor too.
  void finish();
  /// Whether bars are drawn in this process: stderr is a terminal and not `--quiet`.
  static bool enabled();

 private:
  void draw(const std::string& detail) const;
  std::string title_, unit_;
  int64_t total_, start_, done_;
  std::chrono::steady_clock::time_point began_, drawn_;
  bool visible_ = false;
};

}  // namespace uvic

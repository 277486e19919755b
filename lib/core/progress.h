// How far a long job is: a bar on a terminal, elsewhere a plain line from time to time.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace uvic {

/// `1:05`, `2:03:04`, or `3d 04:05:06`.
std::string format_duration(double seconds);

class ProgressBar {
 public:
  /// When plain lines are written: the first soon, so that a log shows that the job is on its way.
  struct PlainLines {
    std::chrono::duration<double> first = std::chrono::seconds(10), every = std::chrono::minutes(1);
  };

  /// `title` stands before the bar, `unit` after the counts ("steps"). Nothing is drawn until the first
  /// `update`.
  ProgressBar(std::string title, std::string unit, int64_t total, int64_t start = 0);
  ProgressBar(std::string title, std::string unit, int64_t total, int64_t start, PlainLines lines);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// Redraws at most ten times a second; off a terminal, a plain line when it is time, unless `--quiet`.
  /// `detail` is free text at the end: "loss 0.0321  310 images/s".
  void update(int64_t done, const std::string& detail = "");
  /// Ends the bar's line. Called by the destructor too.
  void finish();
  /// Whether bars are drawn in this process: stderr is a terminal that can redraw, and not `--quiet`.
  static bool enabled();

 private:
  std::string time_left() const;
  void draw(const std::string& detail) const;
  std::string title_, unit_;
  int64_t total_, start_, done_;
  PlainLines lines_;
  std::chrono::steady_clock::time_point began_, drawn_, next_line_;
  bool visible_ = false;
};

}  // namespace uvic

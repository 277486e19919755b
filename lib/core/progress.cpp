#include "core/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/log.h"
#include "core/terminal.h"

namespace uvic {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point from) {
  return std::chrono::duration<double>(Clock::now() - from).count();
}

}  // namespace

std::string format_duration(double seconds) {
  const auto total = static_cast<int64_t>(std::max(seconds, 0.0) + 0.5);
  const auto days = total / 86400, hours = total / 3600 % 24, minutes = total / 60 % 60, rest = total % 60;
  char text[64];
  if (days > 0) {
    std::snprintf(text, sizeof text, "%ldd %02ld:%02ld:%02ld", days, hours, minutes, rest);
  } else if (hours > 0) {
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", hours, minutes, rest);
  } else {
    std::snprintf(text, sizeof text, "%ld:%02ld", minutes, rest);
  }
  return text;
}

ProgressBar::ProgressBar(std::string title, std::string unit, int64_t total, int64_t start)
    : ProgressBar(std::move(title), std::move(unit), total, start, PlainLines()) {}

ProgressBar::ProgressBar(std::string title, std::string unit, int64_t total, int64_t start, PlainLines lines)
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      start_(start),
      done_(start),
      lines_(lines),
      began_(Clock::now()),
      next_line_(began_ + std::chrono::duration_cast<Clock::duration>(lines.first)) {}

ProgressBar::~ProgressBar() {
  finish();
}

bool ProgressBar::enabled() {
  return can_redraw(STDERR_FILENO) && !is_quiet();
}

void ProgressBar::update(int64_t done, const std::string& detail) {
  done_ = done;
  const auto now = Clock::now();
  if (!enabled()) {
    if (now < next_line_) return;
    next_line_ = now + std::chrono::duration_cast<Clock::duration>(lines_.every);
    log_info(title_, ": ", done_, "/", total_, " ", unit_, ", ", time_left(), detail.empty() ? "" : "  ",
             detail);
    return;
  }
  if (visible_ && done < total_ && seconds_since(drawn_) < 0.1) return;
  visible_ = true;
  drawn_ = now;
  draw(detail);
}

std::string ProgressBar::time_left() const {
  const double elapsed = seconds_since(began_);
  if (done_ >= total_) return format_duration(elapsed);
  const double left = done_ > start_ ? elapsed / double(done_ - start_) * double(total_ - done_) : 0.0;
  return format_duration(left) + " left";
}

void ProgressBar::draw(const std::string& detail) const {
  const double fraction = total_ > 0 ? std::clamp(double(done_) / double(total_), 0.0, 1.0) : 1.0;
  constexpr int kWidth = 24;
  const int filled = int(fraction * kWidth);
  std::string line = title_ + " [" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " +
                     std::to_string(done_) + "/" + std::to_string(total_) + " " + unit_ + "  " + time_left();
  if (!detail.empty()) line += "  " + detail;
  line.resize(std::min(line.size(), terminal_columns(STDERR_FILENO, 80) - 1));
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
}

void ProgressBar::finish() {
  if (visible_) std::fputc('\n', stderr);
  visible_ = false;
}

}  // namespace uvic

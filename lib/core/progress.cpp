#include "core/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/log.h"

namespace uvic {
namespace {

double seconds_since(std::chrono::steady_clock::time_point from) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
}

size_t terminal_width() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
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
    : title_(std::move(title)),
      unit_(std::move(unit)),
      total_(total),
      start_(start),
      done_(start),
      began_(std::chrono::steady_clock::now()) {}

ProgressBar::~ProgressBar() {
  finish();
}

bool ProgressBar::enabled() {
  return isatty(STDERR_FILENO) != 0 && !is_quiet();
}

void ProgressBar::update(int64_t done, const std::string& detail) {
  done_ = done;
  if (!enabled() || (visible_ && done < total_ && seconds_since(drawn_) < 0.1)) return;
  visible_ = true;
  drawn_ = std::chrono::steady_clock::now();
  draw(detail);
}

void ProgressBar::draw(const std::string& detail) const {
  const double fraction = total_ > 0 ? std::clamp(double(done_) / double(total_), 0.0, 1.0) : 1.0;
  const double elapsed = seconds_since(began_);
  const double left = done_ > start_ ? elapsed / double(done_ - start_) * double(total_ - done_) : 0.0;
  constexpr int kWidth = 24;
  const int filled = int(fraction * kWidth);
  std::string line = title_ + " [" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " +
                     std::to_string(done_) + "/" + std::to_string(total_) + " " + unit_ + "  " +
                     (done_ < total_ ? format_duration(left) + " left" : format_duration(elapsed));
  if (!detail.empty()) line += "  " + detail;
  line.resize(std::min(line.size(), terminal_width() - 1));
  std::fprintf(stderr, "\r\033[K%s", line.c_str());
}

void ProgressBar::finish() {
  if (visible_) std::fputc('\n', stderr);
  visible_ = false;
}

}  // namespace uvic

#include "core/log.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <mutex>
#include <unordered_set>

#include "core/rank_log.h"
#include "core/terminal.h"

namespace uvic {
namespace {
std::atomic<bool> quiet_flag{false};
std::atomic<int> rank_number{0};
std::atomic<bool> ranks_warn{false}, errors_are_said{false};
}  // namespace

void set_quiet(bool quiet) {
  quiet_flag = quiet;
}
bool is_quiet() {
  return quiet_flag || rank_number > 0;
}

void set_rank(int rank) {
  rank_number = rank;
}

void let_ranks_warn() {
  ranks_warn = true;
}

void leave_errors_to_rank_0() {
  errors_are_said = true;
}

void write_error(const std::string& text) {
  if (!errors_are_said) write_line("error: " + of_rank() + text);
}

std::string of_rank() {
  return rank_number > 0 ? "rank " + std::to_string(rank_number) + ": " : "";
}

void write_line(const std::string& line) {
  // "\r\033[K" returns to the line's start and clears what a progress bar left there.
  static const bool terminal = can_redraw(STDERR_FILENO);
  const std::string text = (terminal ? "\r\033[K" : "") + line + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void warn_once(const std::string& text) {
  if (rank_number > 0 && !ranks_warn) return;
  static std::mutex mutex;
  static std::unordered_set<size_t> said;  // hashes: a run may warn about many files
  {
    const std::lock_guard lock(mutex);
    if (!said.insert(std::hash<std::string>{}(text)).second) return;
  }
  write_line("warning: " + of_rank() + text);
}

}  // namespace uvic

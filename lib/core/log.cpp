#include "core/log.h"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <functional>
#include <mutex>
#include <unordered_set>

#include "core/terminal.h"

namespace uvic {
namespace {
std::atomic<bool> quiet_flag{false};
}

void set_quiet(bool quiet) {
  quiet_flag = quiet;
}
bool is_quiet() {
  return quiet_flag;
}

void write_line(const std::string& line) {
  // "\r\033[K" returns to the line's start and clears what a progress bar left there.
  static const bool terminal = can_redraw(STDERR_FILENO);
  const std::string text = (terminal ? "\r\033[K" : "") + line + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void warn_once(const std::string& text) {
  static std::mutex mutex;
  static std::unordered_set<size_t> said;  // hashes: a run may warn about many files
  {
    const std::lock_guard lock(mutex);
    if (!said.insert(std::hash<std::string>{}(text)).second) return;
  }
  write_line("warning: " + text);
}

}  // namespace uvic

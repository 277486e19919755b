// Lines for people, on stderr, so that stdout stays free for results. Thread-safe.
#pragma once
#include <c10/util/StringUtil.h>

#include <string>

namespace uvic {

/// Silences log_info; warnings and errors still appear (`--quiet`).
void set_quiet(bool quiet);
bool is_quiet();

/// Writes one whole line; clears a progress bar first if one is on the terminal's line.
void write_line(const std::string& line);

template <class... Args>
void log_info(const Args&... args) {
  if (!is_quiet()) write_line(c10::str(args...));
}

/// Writes it, "warning: " first, unless this process has said the same before.
void warn_once(const std::string& text);

template <class... Args>
void log_warning(const Args&... args) {
  warn_once(c10::str(args...));
}

}  // namespace uvic

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

template <class... Args>
void log_warning(const Args&... args) {
  write_line(c10::str("warning: ", args...));
}

}  // namespace uvic

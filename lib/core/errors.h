// The two kinds of failure that the executables tell apart (apps/app.h maps them to exit codes).
#pragma once
#include <c10/util/StringUtil.h>

#include <stdexcept>
#include <string>

namespace uvic {

/// The command line, the config or an input file is wrong: the user can mend it. Exit code 2.
/// Everything else that is thrown (disk full, out of memory, a diverged loss) is exit code 1.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Throws UsageError with the arguments streamed one after another.
template <class... Args>
[[noreturn]] void usage_error(const Args&... args) {
  throw UsageError(c10::str(args...));
}

/// Throws UsageError unless `condition` holds.
template <class... Args>
void check_usage(bool condition, const Args&... args) {
  if (!condition) usage_error(args...);
}

}  // namespace uvic

#include "core/home.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>

#include "core/environment.h"
#include "core/errors.h"

namespace uvic {

std::string expand_home(const std::string& path) {
  if (!path.starts_with('~')) return path;
  const size_t end = std::min(path.find('/'), path.size());
  const std::string user = path.substr(1, end - 1);
  std::string home;
  if (user.empty()) home = environment("HOME").value_or("");
  if (home.empty()) {
    const passwd* entry = user.empty() ? getpwuid(getuid()) : getpwnam(user.c_str());
    if (entry != nullptr && entry->pw_dir != nullptr) home = entry->pw_dir;
  }
  check_usage(!home.empty(), "'", path,
              "': ", user.empty() ? "HOME is not set, so ~ is no folder" : "there is no user '" + user + "'",
              "; write ./", path, " for what has this name here");
  return home + path.substr(end);
}

}  // namespace uvic

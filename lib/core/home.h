// `~` at the beginning of a path, where no shell has put the folder in its place: in a config, and behind
// `=`.
#pragma once
#include <string>

namespace uvic {

/// `~` and `~/x` with the home folder ($HOME, else what the system has for this user), `~bob/x` with that of
/// the user bob; any other path as it is. UsageError where there is no such folder or user: a folder of that
/// name is written `./~bob`.
std::string expand_home(const std::string& path);

}  // namespace uvic

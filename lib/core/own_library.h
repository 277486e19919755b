// Libraries of ours that are opened at run time, by those that need them.
#pragma once
#include <string>

namespace uvic {

/// dlopen with `flags` of a library that lies beside ours, or in lib/ beside the executables' bin/. Null with
/// the reason in `problem`.
void* open_own_library(const std::string& name, int flags, std::string& problem);

}  // namespace uvic

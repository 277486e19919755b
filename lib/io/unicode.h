#pragma once
#include <string>

namespace uvic {

/// `text` in Unicode's normal form C, so that names compare equal whether an accent is part of its letter or
/// follows it, as macOS writes names of files. Text that is not UTF-8 comes back as it is.
std::string normalised(const std::string& text);

}  // namespace uvic

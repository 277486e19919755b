#pragma once
#include <string>
#include <string_view>

namespace uvic {

/// `text` in Unicode's normal form C, so that names compare equal whether an accent is part of its letter or
/// follows it, as macOS writes names of files. Text that is not UTF-8 comes back as it is.
std::string normalised(const std::string& text);

/// `text`, UTF-8, in small letters, character by character as Unicode's tables say (which is what Rust's
/// char::to_lowercase does, not its str's or Python's, where a capital sigma may become a final one). A
/// dotted capital I, U+0130, becomes two characters.
std::string lower_cased(std::string_view text);

/// `text`, UTF-8, in printable ASCII for fonts that have nothing else: letters without their accents, '?' for
/// every other character.
std::string plain_letters(const std::string& text);

}  // namespace uvic

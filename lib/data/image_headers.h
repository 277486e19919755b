// What many image files are, by their headers, remembered from one start to the next.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace uvic {

struct ImageVerdict {
  int64_t bytes = 0, modified = 0;  ///< of the file: its size, and when it was last written, in nanoseconds
  int64_t width = 0, height = 0;    ///< turned as its orientation says
  std::string problem;              ///< why it is no image, without its name; empty: it is one
};

/// A verdict for each of `files` (relative to `root`), in their order; their headers are read in threads.
/// `memory`: a file that remembers verdicts, a JSON line each by name, size and time; files that have not
/// changed since are not read again. Lines of others, and malformed ones, are passed over. It is rewritten if
/// there is news, where its folder exists; that it cannot be is a warning. Empty: nothing is remembered. What
/// the system refuses to read never is.
std::vector<ImageVerdict> read_image_headers(const std::filesystem::path& root,
                                             const std::vector<std::string>& files,
                                             const std::filesystem::path& memory = {});

}  // namespace uvic

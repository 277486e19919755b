// What many image files are, by their headers, remembered from one start to the next.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/file_source.h"

namespace uvic {

struct ImageVerdict {
  int64_t bytes = 0, modified = 0;  ///< of the file: its size, and when it was last written, in nanoseconds
  int64_t width = 0, height = 0;    ///< turned as its orientation says
  int64_t depth = 0;                ///< bits of a sample
  std::string problem;              ///< why it is no image, without its name; empty: it is one
  std::string note;                 ///< what should be said though it is one, as ImageHeader's
};

/// A verdict for each of `files` of `source`, in their order; their headers are read in threads.
/// `memory`: a file that remembers verdicts, a JSON line each by name, size and time; files that have not
/// changed since are not read again. Lines of others, and malformed ones, are passed over. It is rewritten if
/// there is news, where its folder exists; that it cannot be is a warning. Empty: nothing is remembered. What
/// the system refuses to read never is.
std::vector<ImageVerdict> read_image_headers(const FileSource& source, const std::vector<std::string>& files,
                                             const std::filesystem::path& memory = {});

/// Makes it a problem of those that have none if they are of more than `max_pixels` (0: any number is
/// taken). Never remembered, as the limit may change.
void refuse_too_large(std::vector<ImageVerdict>& verdicts, int64_t max_pixels);

/// "photos/x.png: the file is empty" for each of `files` that is no image.
std::vector<std::string> problems_of(const FileSource& source, const std::vector<std::string>& files,
                                     const std::vector<ImageVerdict>& verdicts);

}  // namespace uvic

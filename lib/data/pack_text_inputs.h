// The files that text is packed from, and their text.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/read_file.h"

namespace uvic {

struct TextInputs {
  std::vector<std::filesystem::path> files;    ///< in order
  std::map<std::string, int64_t> others = {};  ///< files of folders passed over, by ending
  int64_t bytes = 0;                           ///< of all; 0 if one of them is a pipe
};

/// See pack_text.
TextInputs find_text(const std::vector<std::string>& inputs);

/// A file's text, front to back.
class TextReader {
 public:
  TextReader(const std::filesystem::path& path, bool needs_utf8);
  /// The next MiB or less, in whole characters if the text must be UTF-8; false at the end. UsageError where
  /// it is not, with line and byte, and for a file that by its beginning is no text.
  bool next(std::string_view& text);
  /// Calls `take` with the rest, line by line, each with what ends it ("\n", "\r\n", nothing) and its number
  /// from 1.
  void for_each_line(
      const std::function<void(const std::string& line, const std::string& ending, int64_t number)>& take);
  const std::string& name() const { return file_.name(); }
  /// Bytes read so far.
  int64_t position() const { return position_; }

 private:
  void check_beginning();
  FileReader file_;
  bool needs_utf8_;
  size_t piece_;  // bytes read in one go
  std::string buffer_;
  size_t given_ = 0;  // bytes of the buffer that have been given
  int64_t position_ = 0;
  size_t line_ = 0;  // whole lines before the buffer
};

}  // namespace uvic

#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace uvic {

/// The texts of a file: a JSON list of strings where it ends in .json or begins with [ and a quotation mark;
/// else one a line, an empty line being the empty text. UsageError, `name` (the file, maybe with its option)
/// first: there are none, not JSON (line and column), not UTF-8 (line), something other than strings.
std::vector<std::string> read_text_list(const std::filesystem::path& path, const std::string& name);

}  // namespace uvic

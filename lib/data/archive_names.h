// What an archive's entries are called, as a FileSource has it.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace uvic {

/// Entries of an archive, or of several, to be sorted by their names.
class ArchiveNames {
 public:
  /// Entry `number`, called so ("./" at its beginning is taken off; a name that ends in '/' is a folder's).
  void add(std::string name, size_t number);
  /// Sorts them. UsageError, `archive` first, for a name that is there twice.
  void finish(const std::string& archive);

  std::vector<std::string> files, folders;  ///< as FileSource has them
  std::vector<size_t> numbers;              ///< of `files`
  int64_t hidden = 0;
};

/// When a file was last written, in nanoseconds; 0: not known.
int64_t last_written(const std::string& path);

}  // namespace uvic

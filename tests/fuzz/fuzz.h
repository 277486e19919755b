// What the targets of the fuzzer share. A target hands bytes to a reader as a stranger's file would: the
// reader may take them, or refuse them by UsageError; any other exception, a fault or a finding of a
// sanitizer is a bug of the reader.
#pragma once
#include <c10/util/Exception.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.h"
#include "core/log.h"

/// libFuzzer's name for a target; test_fuzz, which holds all of them, renames each.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace uvic::fuzz {

inline std::string_view text_of(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A folder of this process alone, in memory where the system has such folders.
inline const std::filesystem::path& folder() {
  struct Folder {
    Folder() {
      const std::filesystem::path memory = "/dev/shm";
      const auto parent =
          std::filesystem::is_directory(memory) ? memory : std::filesystem::temp_directory_path();
      std::string name = parent / "uvic-fuzz-XXXXXX";
      TORCH_CHECK(mkdtemp(name.data()) != nullptr, "no folder in ", parent.string());
      path = name;
      set_quiet(true);
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
    std::filesystem::path path;
  };
  static const Folder folder;
  return folder.path;
}

/// A file of that name with these bytes, for the readers that take only paths.
inline std::filesystem::path file_of(std::string_view bytes, const std::string& name) {
  std::filesystem::path path = folder() / name;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), std::streamsize(bytes.size()));
  TORCH_CHECK(file.flush().good(), "cannot write ", path.string());
  return path;
}

/// `bytes` as several files, parted by lines of four dashes; those that are missing are empty.
inline std::vector<std::string_view> parts_of(std::string_view bytes, size_t count) {
  constexpr std::string_view kBetween = "\n----\n";
  std::vector<std::string_view> parts(count);
  for (size_t i = 0; i < count && !bytes.empty(); ++i) {
    const size_t end = i + 1 == count ? bytes.size() : std::min(bytes.find(kBetween), bytes.size());
    parts[i] = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + kBetween.size(), bytes.size()));
  }
  return parts;
}

/// What a target returns: 0, whether `read` takes its bytes or refuses them.
template <class Read>
int taken_or_refused(const Read& read) {
  try {
    read();
  } catch (const UsageError&) {  // the user can mend it
  }
  return 0;
}

}  // namespace uvic::fuzz

// Image files that cannot be read, gathered so that all of them are told of at once.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "data/options.h"

namespace uvic {

class BadFiles {
 public:
  /// `option` is what leaves such files out, for messages: "data.on_error: skip". `list`: the file that names
  /// every one of them where there are more than the ten that a message names.
  BadFiles(OnError on_error, std::string option, std::filesystem::path list);

  bool skips() const { return on_error_ == OnError::kSkip; }
  /// Those of a set, found before any of its images is decoded: "photos/x.png: the file is empty". UsageError
  /// if such files are left out and it has no others.
  void found(const std::string& set, int64_t images, const std::vector<std::string>& problems);
  /// One that only decoding shows. Thread-safe. UsageError unless such files are left out.
  void met(const std::string& problem);
  /// Tells what `found` and `met` gathered since the last call, if anything: UsageError, or one warning where
  /// such files are left out.
  void tell();

 private:
  struct Set {
    std::string name;
    int64_t images, bad;
  };
  std::string names() const;

  OnError on_error_;
  std::string option_;
  std::filesystem::path list_;
  std::mutex mutex_;
  std::vector<Set> sets_;
  std::vector<std::string> problems_;
  size_t told_ = 0;  // of problems_
};

/// Shared by whoever opens sets and the sets that go on to meet more.
using SharedBadFiles = std::shared_ptr<BadFiles>;

/// Where a run names its bad files: in its folder, hidden, as what is there before its config.yaml must be;
/// in the working directory where there is no such folder.
std::filesystem::path bad_files_list(const std::filesystem::path& run_directory);

}  // namespace uvic

#include "data/bad_files.h"

#include <algorithm>
#include <iterator>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "io/atomic_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostProblems = 10;

/// Where all of them are named, or why they are not.
std::string write_list(const fs::path& list, const std::vector<std::string>& problems) {
  try {
    write_file_atomically(list, join(problems, "\n") + "\n");
    return "all are named in " + list.string();
  } catch (const std::exception& error) {
    return c10::str("the list of all could not be written: ", error.what());
  }
}

}  // namespace

BadFiles::BadFiles(OnError on_error, std::string option, fs::path list)
    : on_error_(on_error), option_(std::move(option)), list_(std::move(list)) {}

std::string BadFiles::names() const {
  const auto first = problems_.begin() + std::ptrdiff_t(told_);
  const size_t news = problems_.size() - told_, named = std::min(news, kMostProblems);
  std::string text = join({first, first + std::ptrdiff_t(named)}, "; ");
  if (news > named) text += c10::str("; and ", news - named, " more, ", write_list(list_, problems_));
  return text;
}

void BadFiles::found(const std::string& set, int64_t images, const std::vector<std::string>& problems) {
  const std::lock_guard lock(mutex_);
  problems_.insert(problems_.end(), problems.begin(), problems.end());
  const auto bad = int64_t(problems.size());
  if (skips() && bad == images)
    usage_error(set, ": none of the ", count_of(images, "image"), " can be read: ", names());
  if (bad > 0) sets_.push_back({set, images, bad});
}

void BadFiles::met(const std::string& problem) {
  check_usage(skips(), problem, ". ", option_, " would leave such files out");
  const std::lock_guard lock(mutex_);
  problems_.push_back(problem);
}

void BadFiles::tell() {
  const std::lock_guard lock(mutex_);
  if (problems_.size() == told_) return;
  const std::string news = names();
  check_usage(skips(), news, ". ", option_, " would leave such files out");
  std::vector<std::string> counts;
  for (const auto& [name, images, bad] : sets_) {
    counts.push_back(c10::str(name, ": skipped ", bad, " of ", count_of(images, "image")));
  }
  if (counts.empty()) counts.push_back("skipped " + count_of(problems_.size() - told_, "image"));
  log_warning(join(counts, ", "), ": ", news);
  sets_.clear();
  told_ = problems_.size();
}

fs::path bad_files_list(const fs::path& run_directory) {
  return run_directory.empty() ? "bad-files.txt" : run_directory / ".bad-files.txt";
}

}  // namespace uvic

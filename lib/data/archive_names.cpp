#include "data/archive_names.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "core/errors.h"
#include "data/listing.h"

namespace uvic {

void ArchiveNames::add(std::string name, size_t number) {
  while (name.starts_with("./")) name.erase(0, 2);
  const std::filesystem::path path(name);
  const bool of_the_system = std::any_of(path.begin(), path.end(), [](const std::filesystem::path& part) {
    return part != ".." && is_of_the_system(part.string());
  });
  if (of_the_system) {
    ++hidden;
    return;
  }
  const size_t slash = name.find('/');
  if (slash != std::string::npos && slash > 0) folders.push_back(name.substr(0, slash));
  if (name.empty() || name.ends_with('/')) return;
  files.push_back(std::move(name));
  numbers.push_back(number);
}

void ArchiveNames::finish(const std::string& archive) {
  std::vector<size_t> order(files.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return files[a] < files[b]; });
  std::vector<std::string> sorted;
  std::vector<size_t> numbers_of_sorted;
  for (const size_t i : order) {
    check_usage(sorted.empty() || sorted.back() != files[i], archive, ": ", files[i], " is there twice");
    sorted.push_back(std::move(files[i]));
    numbers_of_sorted.push_back(numbers[i]);
  }
  files = std::move(sorted);
  numbers = std::move(numbers_of_sorted);
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
}

int64_t last_written(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return 0;
  return status.st_mtim.tv_sec * int64_t{1'000'000'000} + status.st_mtim.tv_nsec;
}

}  // namespace uvic

#include "data/idx_files.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <regex>
#include <set>

#include "core/errors.h"
#include "core/natural_order.h"
#include "core/text.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;
/// Of one part of the data, by the prefix before it; the best name of each.
using Found = std::map<std::string, fs::path>;

constexpr std::array kSets = {"MNIST", "FashionMNIST", "KMNIST", "QMNIST", "EMNIST"};  // torchvision's

Names names_in(const fs::path& folder) {
  Names names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    names.push_back(entry.path().filename().string());
  check_usage(!error, folder.string(), ": cannot list this folder: ", error.message());
  std::sort(names.begin(), names.end(), natural_less);
  return names;
}

/// The file itself, or the file of the same name in a folder (so Kaggle's archive unpacks).
std::optional<fs::path> file_at(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return path;
  const fs::path inside = path / path.filename();
  return fs::is_regular_file(inside, ignored) ? std::optional(inside) : std::nullopt;
}

/// `what`: "images-idx3" or "labels-idx1".
Found find(const fs::path& folder, const Names& names, bool held_out, const std::string& what) {
  const std::string part = held_out ? "t10k|test" : "train";
  const std::regex pattern("(.*-)?(" + part + ")-" + std::regex_replace(what, std::regex("-"), "[-.]") +
                           "-ubyte(\\.gz)?");
  Found found;
  for (const std::string& name : names) {
    std::smatch match;
    if (!std::regex_match(name, match, pattern)) continue;
    // In natural order a name without .gz comes before the same with it.
    if (const auto file = file_at(folder / name)) found.try_emplace(match[1], *file);
  }
  return found;
}

std::string quoted(const Names& names) {
  constexpr size_t kMost = 4;
  const Names some(names.begin(), names.begin() + std::ptrdiff_t(std::min(names.size(), kMost)));
  return join(some, ", ") + (names.size() > kMost ? c10::str(" and ", names.size() - kMost, " more") : "");
}

/// What is there instead, for a message.
std::string near_misses(const Names& names) {
  Names near, images;
  const std::regex likely(".*(idx|ubyte|mnist|train|t10k|images|labels).*", std::regex::icase);
  const std::regex pictures(".*\\.(png|jpe?g|webp|bmp)", std::regex::icase);
  for (const std::string& name : names) {
    if (std::regex_match(name, likely)) near.push_back(name);
    if (std::regex_match(name, pictures)) images.push_back(name);
  }
  const bool numpy =
      std::any_of(near.begin(), near.end(), [](const std::string& n) { return n.ends_with(".npz"); });
  if (!near.empty())
    return "; there is " + quoted(near) + (numpy ? " (.npz is not read: get the idx files)" : "");
  if (!images.empty()) return "; there is " + quoted(images) + ": data.kind=folder reads image files";
  return names.empty() ? "; it is empty" : "; there is " + quoted(names);
}

/// `directory` itself or the folders below it that torchvision makes; those with training or test images.
std::vector<fs::path> candidates(const fs::path& directory) {
  std::vector<fs::path> folders = {directory, directory / "raw"};
  for (const char* set : kSets) folders.push_back(directory / set / "raw");
  std::erase_if(folders, [](const fs::path& folder) {
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) return true;
    const Names names = names_in(folder);
    return find(folder, names, false, "images-idx3").empty() &&
           find(folder, names, true, "images-idx3").empty();
  });
  // What lies in the folder itself is meant.
  if (!folders.empty() && folders.front() == directory) folders.resize(1);
  return folders;
}

fs::path only_one(const fs::path& folder, const Names& names, bool held_out, const std::string& what,
                  const std::string& prefix) {
  const Found found = find(folder, names, held_out, what);
  const auto wanted = found.find(prefix);
  if (wanted != found.end()) return wanted->second;
  const std::string name = prefix + (held_out ? "t10k-" : "train-") + what + "-ubyte";
  usage_error(folder.string(), ": this folder has neither ", name, " nor ", name, ".gz", near_misses(names));
}

/// Of the sets in `folder`: that without a prefix, or the only one.
std::string prefix_of(const fs::path& folder, const Names& names, bool held_out) {
  const Found found = find(folder, names, held_out, "images-idx3");
  if (found.empty() || found.contains("")) return "";
  Names sets;
  for (const auto& [prefix, file] : found) sets.push_back(prefix.substr(0, prefix.size() - 1));
  check_usage(sets.size() == 1, folder.string(), ": holds several data sets, ", join(sets, ", "),
              "; put the files of the one that is meant in a folder of their own");
  return sets[0] + "-";
}

}  // namespace

IdxFiles find_idx_files(const fs::path& directory, bool held_out) {
  std::error_code ignored;
  check_usage(fs::exists(directory, ignored), directory.string(), ": no such folder");
  check_usage(fs::is_directory(directory, ignored), directory.string(),
              ": not a folder; data.path is the folder that holds the idx files");
  const auto folders = candidates(directory);
  Names texts;
  for (const fs::path& folder : folders) texts.push_back(folder.lexically_relative(directory).string());
  check_usage(folders.size() <= 1, directory.string(), ": holds several data sets, ", join(texts, ", "),
              "; give the folder of the one that is meant");
  const fs::path folder = folders.empty() ? directory : folders.front();
  const Names names = names_in(folder);
  const std::string prefix = prefix_of(folder, names, held_out);
  return {only_one(folder, names, held_out, "images-idx3", prefix),
          only_one(folder, names, held_out, "labels-idx1", prefix)};
}

}  // namespace uvic

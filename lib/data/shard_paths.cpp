#include <algorithm>
#include <charconv>
#include <optional>

#include "core/errors.h"
#include "core/natural_order.h"
#include "core/text.h"
#include "data/file_source.h"
#include "data/listing.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

constexpr int64_t kMostShards = 1'000'000;

std::optional<int64_t> shard_number(const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// What "{...}" stands for: "000..012" or "a,b", as in a shell.
Names alternatives(const std::string& inside, const std::string& pattern) {
  Names all;
  const size_t dots = inside.find("..");
  if (dots == std::string::npos) {
    size_t begin = 0;
    for (size_t comma = 0; comma != std::string::npos; begin = comma + 1) {
      comma = inside.find(',', begin);
      all.push_back(inside.substr(begin, comma == std::string::npos ? comma : comma - begin));
    }
    return all;
  }
  const std::string from = inside.substr(0, dots), to = inside.substr(dots + 2);
  const auto first = shard_number(from), last = shard_number(to);
  check_usage(first && last && *first <= *last && *last - *first < kMostShards, pattern, ": {", inside,
              "}: must be {FIRST..LAST}, two whole numbers, as {000..127}");
  const size_t width = from.starts_with('0') || to.starts_with('0') ? std::max(from.size(), to.size()) : 0;
  for (int64_t i = *first; i <= *last; ++i) {
    const std::string digits = std::to_string(i);
    all.push_back(std::string(width - std::min(width, digits.size()), '0') + digits);
  }
  return all;
}

Names spelled_out(const std::string& pattern) {
  const size_t open = pattern.find('{'), close = pattern.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {pattern};
  Names all;
  const Names rests = spelled_out(pattern.substr(close + 1));
  for (const std::string& one : alternatives(pattern.substr(open + 1, close - open - 1), pattern)) {
    for (const std::string& rest : rests) {
      check_usage(int64_t(all.size()) < kMostShards, pattern, ": more than ", kMostShards, " shards");
      all.push_back(pattern.substr(0, open) + one + rest);
    }
  }
  return all;
}

Names tars_of(const fs::path& folder) {
  Names tars;
  std::map<std::string, int64_t> others;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string ending = ending_of(entry.path());
    if (is_of_the_system(entry.path().filename().string()) || entry.is_directory()) continue;
    if (ending == "tar") tars.push_back(entry.path().string());
    ++others[ending];
  }
  check_usage(!error, folder.string(), ": cannot list this folder: ", error.message());
  const bool packed = others.contains("tgz") || others.contains("gz") || others.contains("zst");
  check_usage(
      !tars.empty(), folder.string(), ": holds no .tar",
      packed ? "; compressed ones must be decompressed first: files are read where they lie in them" : "");
  std::sort(tars.begin(), tars.end(), natural_less);
  return tars;
}

}  // namespace

Names shard_paths(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return tars_of(path);
  if (fs::exists(path, ignored)) return {path};
  Names shards = spelled_out(path);
  Names absent;
  for (const std::string& shard : shards) {
    if (!fs::exists(shard, ignored)) absent.push_back(shard);
  }
  check_usage(absent.empty(), absent.empty() ? "" : absent[0], ": no such file",
              absent.size() > 1
                  ? c10::str(", as ", absent.size() - 1, " more of the ", shards.size(), " shards of ", path)
                  : "");
  Names sorted = shards;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  check_usage(twice == sorted.end(), path, ": ", twice == sorted.end() ? "" : *twice, " is there twice");
  return shards;
}

}  // namespace uvic

#include "core/text.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <numeric>
#include <optional>
#include <utility>

namespace uvic {
namespace {

// Letters put in, left out, replaced or swapped with their neighbour.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> before(b.size() + 1), row(b.size() + 1), next(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    next[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) next[j] = std::min(next[j], before[j - 2] + 1);
    }
    before = std::exchange(row, next);
  }
  return row[b.size()];
}

std::string in_one_spelling(std::string word) {
  std::replace(word.begin(), word.end(), '-', '_');
  return lower_case(std::move(word));
}

// Without the whole parts, ended by a dot or an underscore, that both begin or end with.
void strip_common_parts(std::string& a, std::string& b) {
  const auto part = [](char c) { return c == '.' || c == '_'; };
  size_t head = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()) && a[i] == b[i]; ++i) {
    if (part(a[i])) head = i + 1;
  }
  a.erase(0, head);
  b.erase(0, head);
  size_t tail = 0;
  for (size_t i = 1; i <= std::min(a.size(), b.size()) && a[a.size() - i] == b[b.size() - i]; ++i) {
    if (part(a[a.size() - i])) tail = i;
  }
  a.resize(a.size() - tail);
  b.resize(b.size() - tail);
}

// How far a candidate is from a word; the lower the likelier that it was meant. Nothing: not at all.
std::optional<size_t> remoteness(std::string word, std::string candidate) {
  strip_common_parts(word, candidate);
  const size_t distance = edit_distance(word, candidate);
  if (distance <= std::max<size_t>(1, word.size() / 2) && distance < std::max(word.size(), candidate.size()))
    return distance;
  constexpr size_t kContaining = 100, kContained = 1000, kLeast = 3;  // behind all slips; letters
  if (word.size() >= kLeast && candidate.find(word) != std::string::npos)
    return kContaining + candidate.size() - word.size();
  if (candidate.size() >= kLeast && word.find(candidate) != std::string::npos)
    return kContained + word.size() - candidate.size();
  return std::nullopt;
}

std::string scaled(double value, double base, const std::vector<const char*>& units) {
  size_t unit = 0;
  // The limits are where the digits shown would round up: 999.6 k is "1.00 M", not "1000 k".
  while (value >= base - 0.5 && unit + 1 < units.size()) {
    value /= base;
    ++unit;
  }
  char text[48];
  const int digits = unit == 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  std::snprintf(text, sizeof text, "%.*f%s", digits, value, units[unit]);
  return text;
}

}  // namespace

std::string join(const std::vector<std::string>& parts, const std::string& separator) {
  std::string text;
  for (size_t i = 0; i < parts.size(); ++i) text += (i > 0 ? separator : "") + parts[i];
  return text;
}

std::string lower_case(std::string text) {
  for (char& c : text) c = char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::string trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::optional<size_t> least;
  for (const std::string& candidate : candidates) {
    const auto remote = remoteness(in_one_spelling(word), in_one_spelling(candidate));
    if (!remote || (least && *remote >= *least)) continue;
    best = candidate;
    least = remote;
  }
  return best;
}

std::string unknown_value(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string close = nearest(word, candidates);
  return "unknown value '" + word + "'" + (close.empty() ? "" : " (did you mean '" + close + "'?)");
}

std::string count_of(uint64_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string format_count(double count) {
  return scaled(count, 1000, {"", " k", " M", " G", " T", " P"});
}
bool is_lfs_pointer(std::string_view bytes) {
  return bytes.starts_with("version https://git-lfs.github.com/spec/");
}

std::string format_bytes(double bytes) {
  return scaled(bytes, 1024, {" B", " KiB", " MiB", " GiB", " TiB"});
}

}  // namespace uvic

#include "sampling/dump/shard.h"

#include "core/environment.h"
#include "core/errors.h"
#include "core/parse.h"
#include "sampling/dump/formats.h"

namespace uvic {

Shard parse_shard(const std::string& text) {
  if (text.empty()) {
    const auto rank = rank_from_environment();
    return rank ? Shard{rank->index, rank->count, true} : Shard{};
  }
  Shard shard;
  const size_t slash = text.find('/');
  const bool numbers = slash != std::string::npos && parse_value(text.substr(0, slash), shard.index) &&
                       parse_value(text.substr(slash + 1), shard.count);
  check_usage(numbers, "--shard '", text, "': must be I/N, such as 0/4");
  check_usage(shard.count >= 1 && shard.index >= 0 && shard.index < shard.count, "--shard ", text,
              ": of N parts, I is 0 to N - 1");
  return shard;
}

std::vector<int64_t> shard_seeds(const std::vector<int64_t>& seeds, const Shard& shard) {
  const auto total = int64_t(seeds.size());
  const auto edge = [&](int64_t index) { return seeds.begin() + total * index / shard.count; };
  return {edge(shard.index), edge(shard.index + 1)};
}

std::filesystem::path shard_path(const std::filesystem::path& out, const Shard& shard) {
  if (!shard.by_rank || shard.count == 1) return out;
  const auto folder = out.has_filename() ? out : out.parent_path();  // "x/" is x
  const bool archive = !is_folder(format_of_ending(folder));
  return (archive ? std::filesystem::path(folder).replace_extension() : folder).string() +
         c10::str(".shard-", shard.index, "-of-", shard.count) + (archive ? folder.extension().string() : "");
}

}  // namespace uvic

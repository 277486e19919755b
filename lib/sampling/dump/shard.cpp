#include "sampling/dump/shard.h"

#include <charconv>
#include <cstdlib>

#include "core/errors.h"

namespace uvic {
namespace {

int64_t whole_number(const std::string& text, const std::string& what) {
  int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  check_usage(error == std::errc{} && end == text.data() + text.size(), what, ": '", text,
              "' is not a whole number");
  return value;
}

}  // namespace

Shard parse_shard(const std::string& text) {
  Shard shard;
  std::string what = "--shard " + text;
  const char *rank = std::getenv("RANK"), *size = std::getenv("WORLD_SIZE");
  if (!text.empty()) {
    const size_t slash = text.find('/');
    check_usage(slash != std::string::npos, what, ": must be I/N, such as 0/4");
    shard = {whole_number(text.substr(0, slash), what), whole_number(text.substr(slash + 1), what), false};
  } else if (rank != nullptr && size != nullptr) {
    what = c10::str("RANK=", rank, " WORLD_SIZE=", size);
    shard = {whole_number(rank, what), whole_number(size, what), true};
  }
  check_usage(shard.count >= 1 && shard.index >= 0 && shard.index < shard.count, what,
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
  const std::string ending = folder.extension().string();
  const bool archive = ending == ".zip" || ending == ".npz";
  return (archive ? std::filesystem::path(folder).replace_extension() : folder).string() +
         c10::str(".shard-", shard.index, "-of-", shard.count) + (archive ? ending : "");
}

}  // namespace uvic

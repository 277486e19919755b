// Which part of a dump a process makes.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace uvic {

/// Part `index` of `count`, from 0.
struct Shard {
  int64_t index = 0, count = 1;
  bool by_rank = false;  ///< from RANK and WORLD_SIZE: all processes have one command line
};

/// `text`: "1/4", or empty: then RANK and WORLD_SIZE of the environment, as torchrun sets them, or the whole.
/// UsageError names what is wrong.
Shard parse_shard(const std::string& text);

/// A run of nearly equal length out of `seeds`; the shards 0 .. count - 1 are all of them, in order.
std::vector<int64_t> shard_seeds(const std::vector<int64_t>& seeds, const Shard& shard);

/// Where the shard goes: `out` itself, or for a rank `x.shard-1-of-4.zip` beside `x.zip`.
std::filesystem::path shard_path(const std::filesystem::path& out, const Shard& shard);

}  // namespace uvic

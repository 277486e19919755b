// What the environment says: variables, and a process's place among those that a launcher started.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace uvic {

/// Nothing for a variable that is not set or is empty.
std::optional<std::string> environment(const std::string& name);

/// One process of several, as torchrun and its like tell it by RANK and WORLD_SIZE.
struct Rank {
  int64_t index = 0, count = 1;
};
/// Nothing where WORLD_SIZE is not set. UsageError, naming the variables, where they are no rank: RANK
/// missing beside a WORLD_SIZE above 1, not a number, or not below WORLD_SIZE.
std::optional<Rank> rank_from_environment();

/// UsageError for one of several processes: `command` ("uvic-train") is a single one, and several would do
/// the same work and write the same files. `instead`: what the user may do beside unsetting WORLD_SIZE.
void refuse_ranks(const std::string& command, const std::string& instead = "");

}  // namespace uvic

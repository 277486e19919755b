#include "core/environment.h"

#include <cstdlib>

#include "core/errors.h"
#include "core/parse.h"

namespace uvic {
namespace {

constexpr auto kLeftOver = "; where that is left over: unset RANK WORLD_SIZE";

int64_t number_in(const std::string& name, const std::string& text) {
  int64_t value = -1;
  check_usage(parse_value(text, value) && value >= 0, name, ": '", text, "' is not a whole number",
              kLeftOver);
  return value;
}

}  // namespace

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || std::string(value).find_first_not_of(" \t\n") == std::string::npos)
    return std::nullopt;
  return value;
}

std::optional<Rank> rank_from_environment() {
  const auto size = environment("WORLD_SIZE");
  if (!size) return std::nullopt;
  Rank rank{0, number_in("WORLD_SIZE", *size)};
  check_usage(rank.count >= 1, "WORLD_SIZE=", *size, ": must be at least 1", kLeftOver);
  const auto index = environment("RANK");
  check_usage(index || rank.count == 1, "WORLD_SIZE=", *size, " is set, but not RANK", kLeftOver);
  if (index) rank.index = number_in("RANK", *index);
  check_usage(rank.index < rank.count, "RANK=", rank.index, " WORLD_SIZE=", rank.count,
              ": ranks are 0 to WORLD_SIZE - 1", kLeftOver);
  return rank;
}

void refuse_ranks(const std::string& command, const std::string& instead) {
  const auto rank = rank_from_environment();
  check_usage(!rank || rank->count == 1, "WORLD_SIZE=", rank ? rank->count : 1,
              " is set, as torchrun sets it, but ", command, " is one process: start it without torchrun",
              instead.empty() ? "" : ", " + instead, kLeftOver);
  for (const char* size : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    const auto text = environment(size);
    check_usage(!text || number_in(size, *text) <= 1, size, "=", text.value_or(""),
                " is set, as mpirun and srun set it, but ", command, " is one process: start it without them",
                instead.empty() ? "" : ", " + instead);
  }
}

}  // namespace uvic

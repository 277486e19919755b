#include "dist/launch.h"

#include "core/environment.h"
#include "core/errors.h"
#include "core/parse.h"

namespace uvic {
namespace {

std::optional<int> number(const std::string& name) {
  const auto text = environment(name);
  if (!text) return std::nullopt;
  int64_t value = -1;
  check_usage(parse_value(*text, value) && value >= 0 && value <= 1'000'000, name, ": '", *text,
              "' is not a whole number");
  return int(value);
}

std::optional<Meeting> meeting_of_environment() {
  const auto host = environment("MASTER_ADDR");
  const auto port = number("MASTER_PORT");
  if (!host || !port) return std::nullopt;
  check_usage(*port > 0 && *port < 65536, "MASTER_PORT=", *port, ": ports are 1 to 65535");
  return Meeting{.host = *host,
                 .port = uint16_t(*port),
                 .hosted = environment("TORCHELASTIC_USE_AGENT_STORE") == "True",
                 .attempt = environment("TORCHELASTIC_RESTART_COUNT").value_or("0")};
}

Launch check(Launch launch) {
  check_usage(launch.size >= 1 && launch.rank < launch.size, launch.by, ": rank ", launch.rank, " of ",
              launch.size, " processes is none");
  return launch;
}

// Those of Open MPI's and of MPICH's launcher.
std::optional<Launch> by_mpirun() {
  for (const auto& [rank, size, local_rank, local_size] :
       {std::tuple("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                   "OMPI_COMM_WORLD_LOCAL_SIZE"),
        std::tuple("PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS")}) {
    if (!number(rank) || !number(size)) continue;
    Launch launch{.rank = *number(rank), .size = *number(size), .by = "mpirun", .mpi = true};
    launch.local_rank = number(local_rank).value_or(launch.rank);
    launch.local_size = number(local_size).value_or(launch.size);
    launch.meeting = meeting_of_environment();
    return check(launch);
  }
  return std::nullopt;
}

std::optional<Launch> by_torchrun() {
  const auto rank = rank_from_environment();
  if (!rank || rank->count == 1) return std::nullopt;
  const auto meeting = meeting_of_environment();
  check_usage(
      meeting.has_value(), "RANK=", rank->index, " and WORLD_SIZE=", rank->count,
      " are set, but not MASTER_ADDR and MASTER_PORT, so that no launcher stands beside this process; "
      "where they are left over: unset RANK WORLD_SIZE");
  Launch launch{.rank = int(rank->index), .size = int(rank->count), .by = "torchrun"};
  launch.local_rank = number("LOCAL_RANK").value_or(launch.rank);
  launch.local_size = number("LOCAL_WORLD_SIZE").value_or(launch.size);
  launch.meeting = meeting;
  return launch;
}

// A step of srun; a batch script has the variables of its allocation alone.
std::optional<Launch> by_srun() {
  const auto rank = number("SLURM_PROCID"), size = number("SLURM_STEP_NUM_TASKS");
  if (!rank || !size || *size == 1) return std::nullopt;
  Launch launch{.rank = *rank, .size = *size, .by = "srun"};
  launch.local_rank = number("SLURM_LOCALID").value_or(0);
  launch.local_size = number("SLURM_NTASKS_PER_NODE").value_or(1);
  launch.mpi = environment("PMIX_RANK").has_value();
  launch.meeting = meeting_of_environment();
  check_usage(launch.mpi || launch.meeting, "srun started ", launch.size,
              " processes that cannot find each other: srun --mpi=pmix, or export MASTER_ADDR (the first "
              "node) and MASTER_PORT");
  return check(launch);
}

}  // namespace

bool rank_is_left_over() {
  if (by_mpirun()) return false;
  const auto rank = rank_from_environment();
  return rank && rank->count > 1 && !meeting_of_environment();
}

Launch find_launch() {
  for (const auto& find : {by_mpirun, by_torchrun, by_srun}) {
    if (const auto launch = find()) return *launch;
  }
  return {};
}

}  // namespace uvic

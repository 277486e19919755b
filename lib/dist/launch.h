// What started this process, and its place among the processes of one job.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace uvic {

/// Where the processes of a job meet: rank 0 keeps a TCP store there, or its launcher does.
struct Meeting {
  std::string host;
  uint16_t port = 0;
  bool hosted = false;        ///< by the launcher: rank 0 is a client, too
  std::string attempt = "0";  ///< tells the starts of a job that its launcher starts again apart
};

struct Launch {
  int rank = 0, size = 1;
  int local_rank = 0, local_size = 1;   ///< among those of this machine
  std::string by = {};                  ///< "mpirun", "torchrun", "srun"; empty: nothing
  bool mpi = false;                     ///< MPI can be started
  std::optional<Meeting> meeting = {};  ///< said by the environment

  bool alone() const { return size == 1; }
};

/// By the variables of Open MPI's and MPICH's mpirun, of torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR,
/// MASTER_PORT) and of Slurm's srun. UsageError, naming the variables, where they are no place in a job:
/// RANK without WORLD_SIZE's others, a rank beyond the size; or RANK and WORLD_SIZE with no meeting point
/// beside them, as they are left over in a shell.
Launch find_launch();

/// Whether RANK and WORLD_SIZE are set with neither a launcher nor a meeting point beside them.
bool rank_is_left_over();

}  // namespace uvic

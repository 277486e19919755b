// Joining a job of several processes, and leaving it.
#pragma once
#include <memory>
#include <string>

#include "dist/launch.h"
#include "dist/world.h"

namespace uvic {

/// What a command needs of the others: to compute together, or to divide work and tell of it.
enum class Needs { kTensors, kTexts };

/// UsageError, the same for every rank, where the processes of `launch` cannot do what is needed on `device`:
/// NCCL serves GPUs, MPI CPUs.
void check_launch(const Launch& launch, c10::Device device, Needs needs);

class Job {
 public:
  /// Meets the other processes of `launch`, which has been checked. UsageError where they cannot meet: no MPI
  /// in this build, another number of them than was said.
  /// From now on this process ends with an error that names the rank, within a minute, if another dies or
  /// hangs.
  Job(const Launch& launch, c10::Device device, Needs needs);
  /// Without `leave` the others are told that this rank failed, if `fail` has not.
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  const World& world() const { return world_; }
  /// At the end of good work: waits for all, and for what they still have to say.
  void leave();
  /// After an error: tells the others. False where rank 0 says the same, so that this one need not.
  bool fail(const std::string& error);

 private:
  struct Links;
  World world_;
  std::unique_ptr<Links> links_;  // null: one process
};

/// How many threads a rank computes with where nobody has said: its share of the machine's cores, or those
/// that its launcher bound it to. 0: LibTorch's default.
int threads_of_rank(const Launch& launch);

}  // namespace uvic

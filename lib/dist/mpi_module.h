// MPI behind a table of functions, in a library of its own that is opened where an MPI launcher started this
// process: the programs run where no MPI is installed, and do not load it where it is not asked for.
#pragma once
#include <cstddef>

namespace uvic {

struct MpiModule {
  enum Number { kFloat, kDouble, kInt64, kByte };
  enum Operation { kSum, kMax, kMin };

  /// Of the world. False where MPI cannot be started with calls from one thread at a time.
  bool (*start)(int* rank, int* size);
  void (*finish)();

  /// Each begins what all ranks do in the same order and returns a request, for `done`. `from` may be `to`.
  void* (*all_reduce)(const void* from, void* to, size_t count, Number number, Operation operation);
  /// `count`: of the part of each rank in `to`.
  void* (*reduce_scatter)(const void* from, void* to, size_t count, Number number, Operation operation);
  void* (*all_gather)(const void* from, void* to, size_t bytes_each);
  void* (*broadcast)(void* data, size_t bytes, int root);
  void* (*barrier)();
  /// Whether the request is done; it is then gone.
  bool (*done)(void* request);
};

/// What the library exports, and its name.
extern "C" const MpiModule* uvic_mpi();
inline constexpr auto kMpiLibrary = "libuvic_mpi.so";

}  // namespace uvic

#include "dist/mpi_module.h"

#include <mpi.h>

#include <cstdio>
#include <cstdlib>
#include <limits>

namespace uvic {
namespace {

// The default handler of errors ends the job, with the reason. What is left are counts, which are ints.
int count_of(size_t count) {
  if (count <= size_t(std::numeric_limits<int>::max())) return int(count);
  std::fprintf(stderr, "error: %zu numbers are more than one operation of MPI takes\n", count);
  MPI_Abort(MPI_COMM_WORLD, 1);
  std::abort();
}

MPI_Datatype type_of(MpiModule::Number number) {
  switch (number) {
    case MpiModule::kFloat:
      return MPI_FLOAT;
    case MpiModule::kDouble:
      return MPI_DOUBLE;
    case MpiModule::kInt64:
      return MPI_INT64_T;
    case MpiModule::kByte:
      return MPI_UINT8_T;
  }
  return MPI_DATATYPE_NULL;
}

MPI_Op op_of(MpiModule::Operation operation) {
  switch (operation) {
    case MpiModule::kSum:
      return MPI_SUM;
    case MpiModule::kMax:
      return MPI_MAX;
    case MpiModule::kMin:
      return MPI_MIN;
  }
  return MPI_OP_NULL;
}

const void* or_in_place(const void* from, const void* to) {
  return from == to ? MPI_IN_PLACE : from;
}

bool start(int* rank, int* size) {
  // Containers forbid a process to read another's memory, which Open MPI finds out too late.
  setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", /*overwrite=*/0);
  int given = MPI_THREAD_SINGLE;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &given);
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  MPI_Comm_size(MPI_COMM_WORLD, size);
  return given >= MPI_THREAD_SERIALIZED;
}

void* all_reduce(const void* from, void* to, size_t count, MpiModule::Number number,
                 MpiModule::Operation operation) {
  auto* request = new MPI_Request;
  MPI_Iallreduce(or_in_place(from, to), to, count_of(count), type_of(number), op_of(operation),
                 MPI_COMM_WORLD, request);
  return request;
}

void* reduce_scatter(const void* from, void* to, size_t count, MpiModule::Number number,
                     MpiModule::Operation operation) {
  auto* request = new MPI_Request;
  MPI_Ireduce_scatter_block(from, to, count_of(count), type_of(number), op_of(operation), MPI_COMM_WORLD,
                            request);
  return request;
}

void* all_gather(const void* from, void* to, size_t bytes_each) {
  auto* request = new MPI_Request;
  const int count = count_of(bytes_each);
  MPI_Iallgather(from, count, MPI_BYTE, to, count, MPI_BYTE, MPI_COMM_WORLD, request);
  return request;
}

void* broadcast(void* data, size_t bytes, int root) {
  auto* request = new MPI_Request;
  MPI_Ibcast(data, count_of(bytes), MPI_BYTE, root, MPI_COMM_WORLD, request);
  return request;
}

void* barrier() {
  auto* request = new MPI_Request;
  MPI_Ibarrier(MPI_COMM_WORLD, request);
  return request;
}

bool done(void* request) {
  int flag = 0;
  MPI_Test(static_cast<MPI_Request*>(request), &flag, MPI_STATUS_IGNORE);
  if (flag != 0) delete static_cast<MPI_Request*>(request);
  return flag != 0;
}

constexpr MpiModule kModule = {
    .start = start,
    .finish = [] { MPI_Finalize(); },
    .all_reduce = all_reduce,
    .reduce_scatter = reduce_scatter,
    .all_gather = all_gather,
    .broadcast = broadcast,
    .barrier = barrier,
    .done = done,
};

}  // namespace

const MpiModule* uvic_mpi() {
  return &kModule;
}

}  // namespace uvic

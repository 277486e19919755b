// MPI as a backend of c10d, for tensors of the CPU.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/Backend.hpp>

#include "dist/mpi_module.h"

namespace uvic {

/// The table of MPI's functions, its library opened; null with why not in `problem` (this build has none, or
/// no MPI is installed).
const MpiModule* open_mpi(std::string& problem);

/// What one thread does in turn, one operation after the other, so that all ranks do the same in the same
/// order. It polls: MPI's own waiting takes a whole core from those that compute.
/// Dense contiguous tensors of float32, float64, int64 or uint8; sums, maxima, minima.
class MpiBackend : public c10d::Backend {
 public:
  MpiBackend(const MpiModule& mpi, int rank, int size);
  ~MpiBackend() override;
  const std::string getBackendName() const override { return "mpi"; }

  using Work = c10::intrusive_ptr<c10d::Work>;
  using Tensors = std::vector<at::Tensor>;
  Work broadcast(Tensors& tensors, const c10d::BroadcastOptions& options) override;
  Work allreduce(Tensors& tensors, const c10d::AllreduceOptions& options) override;
  Work _allgather_base(at::Tensor& to, at::Tensor& from, const c10d::AllgatherOptions& options) override;
  Work _reduce_scatter_base(at::Tensor& to, at::Tensor& from,
                            const c10d::ReduceScatterOptions& options) override;
  Work barrier(const c10d::BarrierOptions& options) override;
  /// Waits no more for ranks that may be gone: the destructor then returns.
  void abort() override { aborted_ = true; }

 private:
  class Task;
  Work add(c10d::OpType type, const Tensors& tensors, std::function<void*()> begin);
  void work();
  void wait_for(void* request) const;

  const MpiModule& mpi_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<c10::intrusive_ptr<Task>, std::function<void*()>>> tasks_;
  bool ending_ = false;
  std::atomic<bool> aborted_{false};
  std::thread thread_;
};

}  // namespace uvic

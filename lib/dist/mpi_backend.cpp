#include "dist/mpi_backend.h"

#include <ATen/ATen.h>
#include <dlfcn.h>
#include <sched.h>

#include <chrono>

#include "core/own_library.h"

namespace uvic {
namespace {

using Clock = std::chrono::steady_clock;

MpiModule::Number number_of(const at::Tensor& tensor) {
  TORCH_CHECK(tensor.is_cpu() && tensor.is_contiguous(), "MPI takes contiguous tensors of the CPU");
  switch (tensor.scalar_type()) {
    case at::kFloat:
      return MpiModule::kFloat;
    case at::kDouble:
      return MpiModule::kDouble;
    case at::kLong:
      return MpiModule::kInt64;
    case at::kByte:
      return MpiModule::kByte;
    default:
      TORCH_CHECK(false, "MPI does not take ", tensor.scalar_type());
  }
}

MpiModule::Operation operation_of(const c10d::ReduceOp& op) {
  switch (op.op_) {
    case c10d::ReduceOp::SUM:
      return MpiModule::kSum;
    case c10d::ReduceOp::MAX:
      return MpiModule::kMax;
    case c10d::ReduceOp::MIN:
      return MpiModule::kMin;
    default:
      TORCH_CHECK(false, "MPI is asked for sums, maxima and minima alone");
  }
}

}  // namespace

const MpiModule* open_mpi(std::string& problem) {
#ifdef UVIC_MPI
  // Open MPI opens parts of itself, which look for its symbols among all.
  void* library = open_own_library(kMpiLibrary, RTLD_NOW | RTLD_GLOBAL, problem);
  if (library == nullptr) return nullptr;
  return reinterpret_cast<decltype(&uvic_mpi)>(dlsym(library, "uvic_mpi"))();
#else
  problem = "this build has no MPI (libopenmpi-dev when it was configured)";
  return nullptr;
#endif
}

class MpiBackend::Task : public c10d::Work {
 public:
  using Work::Work;
  void end() { finish(); }
};

MpiBackend::MpiBackend(const MpiModule& mpi, int rank, int size)
    : Backend(rank, size), mpi_(mpi), thread_([this] { work(); }) {}

MpiBackend::~MpiBackend() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

// Tightly at first, for what is done at once, then leaving the core to others.
void MpiBackend::wait_for(void* request) const {
  const auto began = Clock::now();
  while (!aborted_ && !mpi_.done(request)) {
    if (Clock::now() - began < std::chrono::milliseconds(1)) {
      sched_yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
}

void MpiBackend::work() {
  for (std::unique_lock lock(mutex_);;) {
    changed_.wait(lock, [&] { return ending_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    const auto [task, begin] = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    wait_for(begin());
    task->end();
    lock.lock();
  }
}

MpiBackend::Work MpiBackend::add(c10d::OpType type, const Tensors& tensors, std::function<void*()> begin) {
  auto task = c10::make_intrusive<Task>(rank_, type, nullptr, std::optional(tensors));
  {
    const std::lock_guard lock(mutex_);
    tasks_.emplace_back(task, std::move(begin));
  }
  changed_.notify_all();
  return task;
}

MpiBackend::Work MpiBackend::broadcast(Tensors& tensors, const c10d::BroadcastOptions& options) {
  const at::Tensor data = tensors.at(0);
  number_of(data);
  return add(c10d::OpType::BROADCAST, tensors, [this, data, root = int(options.rootRank)] {
    return mpi_.broadcast(data.mutable_data_ptr(), data.nbytes(), root);
  });
}

MpiBackend::Work MpiBackend::allreduce(Tensors& tensors, const c10d::AllreduceOptions& options) {
  const at::Tensor data = tensors.at(0);
  return add(c10d::OpType::ALLREDUCE, tensors,
             [this, data, number = number_of(data), operation = operation_of(options.reduceOp)] {
               return mpi_.all_reduce(data.const_data_ptr(), data.mutable_data_ptr(), size_t(data.numel()),
                                      number, operation);
             });
}

MpiBackend::Work MpiBackend::_allgather_base(at::Tensor& to, at::Tensor& from,
                                             const c10d::AllgatherOptions&) {
  number_of(from);
  TORCH_CHECK(
      to.scalar_type() == from.scalar_type() && to.is_contiguous() && to.numel() == from.numel() * size_,
      "all_gather: ", to.sizes(), " from ", from.sizes(), " of ", size_, " ranks");
  return add(c10d::OpType::_ALLGATHER_BASE, {to, from}, [this, to, from] {
    return mpi_.all_gather(from.const_data_ptr(), to.mutable_data_ptr(), from.nbytes());
  });
}

MpiBackend::Work MpiBackend::_reduce_scatter_base(at::Tensor& to, at::Tensor& from,
                                                  const c10d::ReduceScatterOptions& options) {
  TORCH_CHECK(
      to.scalar_type() == from.scalar_type() && to.is_contiguous() && from.numel() == to.numel() * size_,
      "reduce_scatter: ", to.sizes(), " from ", from.sizes(), " of ", size_, " ranks");
  return add(c10d::OpType::_REDUCE_SCATTER_BASE, {to, from},
             [this, to, from, number = number_of(from), operation = operation_of(options.reduceOp)] {
               return mpi_.reduce_scatter(from.const_data_ptr(), to.mutable_data_ptr(), size_t(to.numel()),
                                          number, operation);
             });
}

MpiBackend::Work MpiBackend::barrier(const c10d::BarrierOptions&) {
  return add(c10d::OpType::BARRIER, {}, [this] { return mpi_.barrier(); });
}

}  // namespace uvic

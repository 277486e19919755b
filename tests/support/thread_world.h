// A world whose ranks are threads of this process.
#pragma once
#include <ATen/ATen.h>

#include <barrier>
#include <functional>
#include <thread>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/HashStore.hpp>

#include "dist/world.h"

namespace uvic::testing {

/// c10d's operations by a shared table: each rank lays down what it has, all meet, each takes what is its
/// own.
class ThreadBackend : public c10d::Backend {
 public:
  struct Table {
    explicit Table(int size) : barrier(size), laid(size_t(size)) {}
    std::barrier<> barrier;
    std::vector<at::Tensor> laid;
  };
  ThreadBackend(std::shared_ptr<Table> table, int rank, int size)
      : Backend(rank, size), table_(std::move(table)) {}

  using Work = c10::intrusive_ptr<c10d::Work>;
  Work allreduce(std::vector<at::Tensor>& tensors, const c10d::AllreduceOptions& options) override {
    std::vector<at::Tensor> all = exchange(tensors[0]);
    const at::Tensor stacked = at::stack(all);
    tensors[0].copy_(options.reduceOp == c10d::ReduceOp::MAX ? stacked.amax(0) : stacked.sum(0));
    return done();
  }
  Work broadcast(std::vector<at::Tensor>& tensors, const c10d::BroadcastOptions& options) override {
    tensors[0].copy_(exchange(tensors[0])[size_t(options.rootRank)]);
    return done();
  }
  Work _allgather_base(at::Tensor& to, at::Tensor& from, const c10d::AllgatherOptions&) override {
    to.copy_(at::cat(exchange(from)));
    return done();
  }
  Work _reduce_scatter_base(at::Tensor& to, at::Tensor& from, const c10d::ReduceScatterOptions&) override {
    to.copy_(at::stack(exchange(from)).sum(0).narrow(0, rank_ * to.size(0), to.size(0)));
    return done();
  }

 private:
  struct Done : c10d::Work {
    Done() { finish(); }
  };
  static Work done() { return c10::make_intrusive<Done>(); }
  std::vector<at::Tensor> exchange(const at::Tensor& mine) {
    table_->laid[size_t(rank_)] = mine.clone();
    table_->barrier.arrive_and_wait();
    std::vector<at::Tensor> all = table_->laid;
    table_->barrier.arrive_and_wait();
    return all;
  }
  std::shared_ptr<Table> table_;
};

/// Calls `rank` in `size` threads at once, each with its World; its exceptions are the caller's to catch.
inline void run_ranks(int size, const std::function<void(const World&)>& rank) {
  const auto table = std::make_shared<ThreadBackend::Table>(size);
  const auto store = c10::make_intrusive<c10d::HashStore>();
  std::vector<std::thread> threads;
  for (int r = 0; r < size; ++r) {
    threads.emplace_back([&, r] {
      rank(World(r, size, c10::kCPU, c10::make_intrusive<ThreadBackend>(table, r, size), store));
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace uvic::testing

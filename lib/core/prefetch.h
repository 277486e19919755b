// Results prepared ahead in threads and taken in order.
#pragma once
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace uvic {

template <class T>
class Prefetch {
 public:
  /// Calls `produce` for first, first + 1, ..., last - 1 in `workers` threads, several at once; with one
  /// worker, one after another. At most `capacity` results are ready or on the way.
  Prefetch(std::function<T(int64_t)> produce, int64_t first, int64_t last, int64_t workers, int64_t capacity)
      : produce_(std::move(produce)),
        last_(last),
        capacity_(capacity),
        next_to_prepare_(first),
        next_to_return_(first) {
    try {
      for (int64_t i = 0; i < workers; ++i) workers_.emplace_back([this] { work(); });
    } catch (...) {  // the system may refuse a thread; those already running must end before the members do
      stop();
      throw;
    }
  }
  ~Prefetch() { stop(); }
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;

  /// Whether all have been taken.
  bool done() const { return next_to_return_ >= last_; }
  /// The next result, or what `produce` threw for it. Must not be called when done.
  T next() {
    std::unique_lock lock(mutex_);
    if (!ready_.contains(next_to_return_)) {
      const auto began = std::chrono::steady_clock::now();
      ready_condition_.wait(lock, [&] { return ready_.contains(next_to_return_); });
      wait_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    }
    Ready ready = std::move(ready_.extract(next_to_return_++).mapped());
    lock.unlock();
    space_condition_.notify_all();
    if (ready.error) std::rethrow_exception(ready.error);
    return std::move(ready.result);
  }
  /// Seconds that `next` has spent waiting so far.
  double wait_seconds() const { return wait_seconds_; }

 private:
  struct Ready {
    T result;
    std::exception_ptr error;
  };
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      // Counted from what `next` returns next, not from what is ready: that one can always be prepared.
      space_condition_.wait(lock, [&] { return stop_ || next_to_prepare_ < next_to_return_ + capacity_; });
      if (stop_ || next_to_prepare_ >= last_) return;
      const int64_t index = next_to_prepare_++;
      lock.unlock();
      Ready ready;
      try {
        ready.result = produce_(index);
      } catch (...) {
        ready.error = std::current_exception();
      }
      lock.lock();
      ready_.emplace(index, std::move(ready));
      ready_condition_.notify_one();
    }
  }
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    space_condition_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  std::function<T(int64_t)> produce_;
  int64_t last_, capacity_;
  std::mutex mutex_;
  std::condition_variable ready_condition_, space_condition_;
  std::map<int64_t, Ready> ready_;
  int64_t next_to_prepare_, next_to_return_;
  bool stop_ = false;
  double wait_seconds_ = 0;
  std::vector<std::thread> workers_;
};

}  // namespace uvic

// Threads that encode and store images while the network makes the next ones.
#pragma once
#include <ATen/core/Tensor.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "sampling/dump/sink.h"

namespace uvic {

class EncodeQueue {
 public:
  /// `capacity`: images that may wait to be encoded; `sink` must outlive the queue.
  EncodeQueue(DumpSink& sink, int threads, size_t capacity);
  /// Stores what is queued, unless storing has failed.
  ~EncodeQueue();
  EncodeQueue(const EncodeQueue&) = delete;
  EncodeQueue& operator=(const EncodeQueue&) = delete;

  /// `image`: uint8 [C, H, W]. Waits while the queue is full; throws what a thread has thrown.
  void push(size_t index, at::Tensor image);
  /// Waits until all is stored; throws what a thread has thrown. No `push` after it.
  void finish();
  /// Images stored so far.
  size_t stored() const;

 private:
  void work();
  void close_and_join();

  DumpSink& sink_;
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable space_, work_;
  std::deque<std::pair<size_t, at::Tensor>> waiting_;
  size_t stored_ = 0;
  bool closed_ = false;
  std::exception_ptr error_;
  std::vector<std::thread> threads_;
};

}  // namespace uvic

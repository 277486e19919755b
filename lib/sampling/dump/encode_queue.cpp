#include "sampling/dump/encode_queue.h"

#include <algorithm>

namespace uvic {

EncodeQueue::EncodeQueue(DumpSink& sink, int threads, size_t capacity)
    : sink_(sink), capacity_(std::max<size_t>(capacity, 1)) {
  try {
    for (int i = 0; i < std::max(threads, 1); ++i) threads_.emplace_back([this] { work(); });
  } catch (...) {  // the system may refuse a thread; those already running must end before the members do
    close_and_join();
    throw;
  }
}

EncodeQueue::~EncodeQueue() {
  close_and_join();
}

void EncodeQueue::close_and_join() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void EncodeQueue::push(size_t index, at::Tensor image) {
  std::unique_lock lock(mutex_);
  space_.wait(lock, [&] { return error_ || waiting_.size() < capacity_; });
  if (error_) std::rethrow_exception(error_);
  waiting_.emplace_back(index, std::move(image));
  lock.unlock();
  work_.notify_one();
}

void EncodeQueue::finish() {
  close_and_join();
  if (error_) std::rethrow_exception(error_);
}

size_t EncodeQueue::stored() const {
  const std::lock_guard lock(mutex_);
  return stored_;
}

void EncodeQueue::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return closed_ || error_ || !waiting_.empty(); });
    if (error_ || waiting_.empty()) return;
    const auto [index, image] = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    space_.notify_one();
    std::exception_ptr error;
    try {
      sink_.write(index, sink_.encode(index, image));
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    stored_ += !error;
    if (error && !error_) {
      error_ = error;
      space_.notify_all();
      work_.notify_all();
    }
  }
}

}  // namespace uvic

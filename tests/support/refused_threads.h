// A system that refuses threads. For one unit of a test program: it stands before the C library's own.
#pragma once
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <limits>

namespace uvic::testing {

inline std::atomic<int> threads_left = std::numeric_limits<int>::max();

/// While this lives, only `count` more threads can be started.
class RefusedThreads {
 public:
  explicit RefusedThreads(int count) { threads_left = count; }
  ~RefusedThreads() { threads_left = std::numeric_limits<int>::max(); }
  RefusedThreads(const RefusedThreads&) = delete;
  RefusedThreads& operator=(const RefusedThreads&) = delete;
};

}  // namespace uvic::testing

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                              void* argument) noexcept {
  if (uvic::testing::threads_left-- <= 0) return EAGAIN;
  static const auto real = reinterpret_cast<decltype(&pthread_create)>(dlsym(RTLD_NEXT, "pthread_create"));
  return real(thread, attributes, start, argument);
}

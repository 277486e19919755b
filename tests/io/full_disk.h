// A disk that fills up: files of this process cannot grow past `bytes` while this lives (EFBIG).
#pragma once
#include <ATen/ATen.h>
#include <sys/resource.h>

#include <csignal>

namespace uvic::testing {

class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    TORCH_CHECK(getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limited{bytes, before_.rlim_max};
    TORCH_CHECK(setrlimit(RLIMIT_FSIZE, &limited) == 0);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

}  // namespace uvic::testing

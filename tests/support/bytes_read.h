// How much of files a piece of code reads.
#pragma once
#include <string>

#include "support/support.h"

namespace uvic::testing {

/// Bytes that this process reads from files while `work` runs (Linux counts them, cached or not).
template <class Work>
int64_t bytes_read(const Work& work) {
  const auto so_far = [] {
    std::ifstream io("/proc/self/io");
    std::string name;
    int64_t bytes = 0;
    TORCH_CHECK(io >> name >> bytes && name == "rchar:", "/proc/self/io");
    return bytes;
  };
  const int64_t before = so_far();
  work();
  return so_far() - before;
}

}  // namespace uvic::testing

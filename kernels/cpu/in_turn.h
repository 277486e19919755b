// How work is shared among threads: in pieces, of which each takes the next when it is done with one.
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

namespace uvic::cpu {

/// Pieces that let threads of one speed end about together.
inline constexpr int64_t kItemsPerThread = 4;

inline int64_t ceil_div(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

/// Rows of an item of a matrix product: a few of the micro-kernel's, so that a panel of the other factor is
/// read for many; fewer where threads would wait for each other.
inline int64_t rows_of_item(int64_t rows) {
  constexpr int64_t kMost = 48, kFewest = 12, kTogether = 6;
  const int64_t fair = ceil_div(rows, kItemsPerThread * at::get_num_threads());
  return std::clamp(ceil_div(fair, kTogether) * kTogether, kFewest, kMost);
}

struct Aligned {
  explicit Aligned(int64_t bytes)
      : data(static_cast<char*>(
            std::aligned_alloc(64, size_t(std::max<int64_t>(ceil_div(bytes, 64) * 64, 64))))) {
    TORCH_CHECK(data != nullptr, "kernels: no memory for a workspace of ", bytes, " bytes");
  }
  ~Aligned() { std::free(data); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;
  char* data;
};

/// run(item, workspace) for items 0 .. items - 1 in one parallel region, with a workspace of `bytes` a
/// thread. Items need not weigh the same, and a core that is slow or busy with something else gets fewer.
template <class Run>
void in_turn(int64_t items, int64_t bytes, const Run& run) {
  std::atomic<int64_t> next = 0;
  at::parallel_for(0, std::min<int64_t>(at::get_num_threads(), items), 1, [&](int64_t, int64_t) {
    const Aligned workspace(bytes);
    for (int64_t item = next++; item < items; item = next++) run(item, workspace.data);
  });
}

}  // namespace uvic::cpu

// Which image stands at each position of the training stream.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace uvic {

/// Stream position g = step * batch_size + position shows image `permutation(seed, g / N)[g % N]`: each epoch
/// visits every image once, and a batch may straddle two epochs. Depends on (seed, g, N) alone. Thread-safe;
/// keeps the permutations of the last few epochs asked for.
class DataOrder {
 public:
  DataOrder(uint64_t seed, int64_t size);
  int64_t index_at(int64_t g) const;

 private:
  std::shared_ptr<const std::vector<int64_t>> epoch_order(int64_t epoch) const;
  uint64_t seed_;
  int64_t size_;
  mutable std::mutex mutex_;
  mutable std::vector<std::pair<int64_t, std::shared_ptr<const std::vector<int64_t>>>> recent_;
};

}  // namespace uvic

#include "data/order.h"

#include <c10/util/Exception.h>

#include <algorithm>

#include "core/random.h"

namespace uvic {
namespace {
// Two epochs meet in a batch, and the workers are a few batches apart.
constexpr size_t kEpochsKept = 4;
}  // namespace

DataOrder::DataOrder(uint64_t seed, int64_t size) : seed_(seed), size_(size) {
  TORCH_CHECK(size > 0, "the data order needs at least one image");
}

int64_t DataOrder::index_at(int64_t g) const {
  return (*epoch_order(g / size_))[static_cast<size_t>(g % size_)];
}

std::shared_ptr<const std::vector<int64_t>> DataOrder::epoch_order(int64_t epoch) const {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(recent_.begin(), recent_.end(), [&](const auto& entry) { return entry.first == epoch; });
  if (found != recent_.end()) return found->second;
  if (recent_.size() == kEpochsKept) recent_.erase(recent_.begin());
  auto order = permutation(seed_, static_cast<uint64_t>(epoch), size_);
  return recent_.emplace_back(epoch, std::make_shared<const std::vector<int64_t>>(std::move(order))).second;
}

}  // namespace uvic

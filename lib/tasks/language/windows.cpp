#include "tasks/language/windows.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/errors.h"
#include "core/random.h"

namespace uvic {
namespace {

// One fewer than would fit, where there are some: room for the epochs' offsets.
int64_t windows_of(const TokenFile& tokens, int64_t context) {
  check_usage(tokens.size() > context, tokens.name(), ": has ", tokens.size(),
              " tokens, and model.max_seq_length ", context, " needs ", context + 1,
              " at least; set a smaller one");
  const int64_t most = (tokens.size() - 1) / context;
  return std::max<int64_t>(most - 1, 1);
}

}  // namespace

TokenWindows::TokenWindows(std::shared_ptr<const TokenFile> tokens, int64_t context, uint64_t seed)
    : tokens_(std::move(tokens)),
      context_(context),
      size_(windows_of(*tokens_, context)),
      seed_(seed),
      order_(seed, size_) {}

at::Tensor TokenWindows::read(const Slice& slice) const {
  std::vector<at::Tensor> windows;
  for (int64_t i = 0; i < slice.count; ++i) {
    const int64_t g = slice.position(i);
    const int64_t room = tokens_->size() - 1 - size_ * context_;
    CounterRandom random(seed_, RandomStream::kWindow, uint64_t(g / size_));
    const auto offset = int64_t(random.below(uint64_t(std::min(room, context_ - 1)) + 1));
    windows.push_back(tokens_->read(offset + order_.index_at(g) * context_, context_ + 1));
  }
  return at::stack(windows);
}

}  // namespace uvic

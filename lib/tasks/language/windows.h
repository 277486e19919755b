// The pieces of a text that a language model is trained on.
#pragma once
#include <ATen/core/Tensor.h>

#include <memory>

#include "core/slice.h"
#include "data/order.h"
#include "data/tokens.h"

namespace uvic {

/// Windows of `context` + 1 tokens, each beginning with the token that the one before it ends with, so that
/// every token is a target once. An epoch begins at an offset of its own and visits its windows in an order
/// of its own; which tokens stand at stream position g depends on (seed, g) and the text's size alone.
class TokenWindows {
 public:
  /// UsageError, naming the text, for one of fewer than `context` + 1 tokens.
  TokenWindows(std::shared_ptr<const TokenFile> tokens, int64_t context, uint64_t seed);

  /// int64 [slice.count, context + 1].
  at::Tensor read(const Slice& slice) const;
  /// Windows of an epoch.
  int64_t size() const { return size_; }

 private:
  std::shared_ptr<const TokenFile> tokens_;
  int64_t context_, size_;
  uint64_t seed_;
  DataOrder order_;
};

}  // namespace uvic

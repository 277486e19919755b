// Whoever wants to look into a network while it runs, and nothing more than a check where nobody does.
#pragma once
#include <ATen/core/Tensor.h>

#include "kernels/attention_kind.h"

namespace uvic {

/// What a block's heads attend with, as the attention takes it: [B, H, N, D], of any strides.
struct AttentionInputs {
  AttentionKind kind;
  at::Tensor q, k, v;
  double scale;  ///< of the scores, scale q k^T
};

/// Hears of every forward of a UViT in turn: `begin`, then block by block, in the order of execution,
/// `attention`, `mlp` and `block`, then `projection`. Tensors are the network's own: not to be written to.
class NetworkObserver {
 public:
  virtual ~NetworkObserver() = default;
  /// The network's inputs: x [B, C, H, W], timesteps [B].
  virtual void begin(const at::Tensor& /*x*/, const at::Tensor& /*timesteps*/) {}
  /// May put other tensors in place: the block goes on with them. Rows of v that are zeroed remove these
  /// tokens' columns of W.
  virtual void attention(AttentionInputs& /*inputs*/) {}
  /// What the MLP of a block adds to it, and the block's output: [B, N, C].
  virtual void mlp(const at::Tensor& /*x*/) {}
  virtual void block(const at::Tensor& /*x*/) {}
  /// The last projection of every token: [B, N, patch_size^2 in_chans].
  virtual void projection(const at::Tensor& /*x*/) {}
};

/// That of this thread; null: nobody looks.
NetworkObserver* network_observer();

/// Within it the networks that this thread runs are observed by `observer`, which must outlive it.
class ObserverScope {
 public:
  explicit ObserverScope(NetworkObserver& observer);
  ~ObserverScope();
  ObserverScope(const ObserverScope&) = delete;
  ObserverScope& operator=(const ObserverScope&) = delete;

 private:
  NetworkObserver* before_;
};

}  // namespace uvic

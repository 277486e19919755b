// How scores become weights: one struct a kind of attention, which the kernels are templates over. A weight
// is made of e = 2^(c bound(s) - m) with s the unscaled score, c = scale log2(e) and m the row's maximum of
// c bound(s), or in the backward its lse log2(e). A kind has
//   kStart         where the maximum of bound() starts
//   kHidden        a score that raises no maximum and weighs nothing; finite
//   kZeroIsRare    whether a score of 0 has a rule of its own, which weight<false>() leaves out
//   bound          what the exponential is of
//   weight         W of a score and e; has the factors that e has
//   gradient       dP of W, dW and row_dot = rowsum(dW * W)
#pragma once
#include "kernels/attention_kind.h"
#include "kernels/cuda/device.h"

namespace uvic::cuda {

/// W = sign(P) |W|, dP = |W| dW - W row_dot: both 0 where P = 0, as sign(0) = 0.
struct Cog {
  static constexpr float kStart = 0, kHidden = 0;  // |P| >= 0
  static constexpr bool kZeroIsRare = true;
  static UVIC_DEVICE float bound(float s) { return fabsf(s); }
  template <bool kMayBeZero = true>
  static UVIC_DEVICE float weight(float s, float e) {
    return kMayBeZero && s == 0 ? 0 : copysignf(e, s);
  }
  static UVIC_DEVICE float gradient(float w, float dw, float row_dot) { return fabsf(w) * dw - w * row_dot; }
};

/// W = softmax(P), dP = W (dW - row_dot). A score of 0 is a score like others, so what only pads must be
/// hidden; kStart and kHidden lie so far down that no score does (not at -infinity: inf - inf is NaN).
struct Softmax {
  static constexpr float kStart = -1e30F, kHidden = -1e30F;
  static constexpr bool kZeroIsRare = false;
  static UVIC_DEVICE float bound(float s) { return s; }
  template <bool kMayBeZero = true>
  static UVIC_DEVICE float weight(float, float e) {
    return e;
  }
  static UVIC_DEVICE float gradient(float w, float dw, float row_dot) { return w * (dw - row_dot); }
};

/// The table of kinds: f.operator()<Kind>() for a kind that has kernels, else `none`.
template <class R, class F>
constexpr R dispatch_kind(AttentionKind kind, R none, const F& f) {
  switch (kind) {
    case AttentionKind::kCog:
      return f.template operator()<Cog>();
    case AttentionKind::kSoftmax:
      return f.template operator()<Softmax>();
    default:
      return none;
  }
}

}  // namespace uvic::cuda

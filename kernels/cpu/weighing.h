// How scores become weights: one struct a kind of attention, which Forward and Backward are templates over.
// A weight is made of e = 2^(c bound(s) - m) with c = scale log2(e) and m the row's maximum of c bound(s), or
// in the backward its lse log2(e). A kind has
//   kStart      where the maximum of bound() starts
//   kHidden     a score whose weight and gradient are 0; finite
//   bound       what the exponential is of
//   weight      W of a score and e
//   gradient    dP of a score, e, dW and dot = rowsum(dW * W); linear in e, so e may hold a factor more
#pragma once
#include "kernels/cpu/simd.h"

namespace uvic::cpu::UVIC_ISA {

/// W = sign(P) |W|, dP = |W| dW - W dot = |W| (dW - sign(P) dot); both 0 where P = 0, as sign(0) = 0.
struct Cog {
  static constexpr double kStart = 0, kHidden = 0;  // |P| >= 0
  template <class T>
  static Vec<T> bound(Vec<T> s) {
    return abs<T>(s);
  }
  template <class T>
  static Vec<T> weight(Vec<T> s, Vec<T> e) {
    return s == T(0) ? Vec<T>{} : with_sign_of<T>(s, e);
  }
  template <class T>
  static Vec<T> gradient(Vec<T> s, Vec<T> e, Vec<T> dw, T dot) {
    return s == T(0) ? Vec<T>{} : e * (dw - with_sign_of<T>(s, broadcast(dot)));
  }

 private:
  /// x, its sign changed where that of s is set.
  template <class T>
  static Vec<T> with_sign_of(Vec<T> s, Vec<T> x) {
    return (Vec<T>)((Vec<Bits<T>>)x ^ ((Vec<Bits<T>>)s & kSignBit<T>));
  }
};

/// W = softmax(P), dP = W (dW - dot). A score of 0 is a score like others, so keys that only pad must be
/// hidden; kStart and kHidden lie so far down that no score does (not at -infinity: inf - inf is NaN).
struct Softmax {
  static constexpr double kStart = -1e30, kHidden = -1e30;
  template <class T>
  static Vec<T> bound(Vec<T> s) {
    return s;
  }
  template <class T>
  static Vec<T> weight(Vec<T>, Vec<T> e) {
    return e;
  }
  template <class T>
  static Vec<T> gradient(Vec<T>, Vec<T> e, Vec<T> dw, T dot) {
    return e * (dw - dot);
  }
};

}  // namespace uvic::cpu::UVIC_ISA

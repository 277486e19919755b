// Mean and covariance of features.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace uvic {

/// All that the Frechet distance looks at.
struct Gaussian {
  at::Tensor mean;        ///< float64 [D]
  at::Tensor covariance;  ///< float64 [D, D], divided by N - 1, as np.cov
  bool defined() const { return mean.defined(); }
  int64_t dim() const { return mean.size(0); }
};

/// Collects rows without keeping them, in float64: batch by batch, by the update of Chan, Golub & LeVeque
/// (1983, "Algorithms for computing the sample variance", eq. 2.1), which loses nothing where the mean is
/// large against the spread, as sums of squares would.
class Moments {
 public:
  /// [n, D], any floating dtype and device.
  void add(const at::Tensor& rows);
  int64_t count() const { return count_; }
  int64_t dim() const { return mean_.size(0); }
  /// Needs two rows.
  Gaussian gaussian() const;

  /// What has been collected, of one row or more, float64 [1 + D + D * D], and taking it in elsewhere: other
  /// processes' rows.
  at::Tensor state() const;
  void merge(const at::Tensor& state);

 private:
  void take_in(int64_t count, const at::Tensor& mean, const at::Tensor& scatter);
  int64_t count_ = 0;
  at::Tensor mean_, scatter_;  // scatter: the sum of (x - mean)(x - mean)^T
};

}  // namespace uvic

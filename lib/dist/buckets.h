// Gradients summed over the ranks while backward still runs (Li et al. 2020, "PyTorch Distributed:
// Experiences on Accelerating Data Parallel Training", section 3.2).
#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "dist/world.h"

namespace uvic {

/// Parameters whose gradients travel together, one behind the other in a flat tensor, padded to equal parts
/// of the ranks.
struct Bucket {
  std::vector<size_t> members;   ///< indexes of parameters
  std::vector<int64_t> offsets;  ///< of each in the flat tensor
  int64_t numel = 0;             ///< padded

  int64_t part() const { return numel / parts; }
  int64_t parts = 1;
};

/// The last parameters first, as backward comes to them: at most `bytes` each, or one parameter. The same on
/// all ranks.
std::vector<Bucket> make_buckets(const std::vector<at::Tensor>& parameters, int64_t bytes, int64_t parts);

/// 25 MB, as PyTorch's DDP.
inline constexpr int64_t kBucketBytes = int64_t{25} << 20;

class GradientBuckets {
 public:
  /// `scatter`: each rank gets the sums of its part of each bucket alone (ZeRO, Rajbhandari et al. 2020).
  GradientBuckets(const World& world, std::vector<at::Tensor> parameters, bool scatter,
                  int64_t bytes = kBucketBytes);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  /// The backward that comes next is the step's last: a bucket goes on its way as soon as its gradients are
  /// whole, always in the same order.
  void begin();
  /// After that backward: waits. The parameters' gradients are then the sums, or undefined where they are
  /// scattered.
  void finish();

  const std::vector<Bucket>& buckets() const { return buckets_; }
  /// Scattered: this rank's part of each bucket, [bucket.part()].
  const std::vector<at::Tensor>& parts() const { return parts_; }

 private:
  class Hook;
  void gradient_is_whole(size_t parameter);
  void send_whole_ones();
  void send(size_t bucket);

  World world_;
  std::vector<at::Tensor> parameters_;
  bool scatter_;
  std::vector<Bucket> buckets_;
  std::vector<size_t> bucket_of_;  // of each parameter
  std::vector<at::Tensor> flat_, parts_;
  std::vector<size_t> missing_;  // gradients that each bucket waits for
  std::vector<Pending> sent_;
  bool last_ = false;
};

}  // namespace uvic

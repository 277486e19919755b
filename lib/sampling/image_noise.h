// What images are drawn from: what each starts with, and what is added on its way.
#pragma once
#include <ATen/core/Generator.h>
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <array>
#include <cstdint>
#include <vector>

namespace uvic {

/// The point at `share` (0 to 1) of the way from `a` to `b` along the arc between them (Shoemake 1985,
/// "Animating rotation with quaternion curves", eq. 1): normals stay as long as normals are, where a straight
/// line would make them shorter and the picture dull. The ends are exact. float32, both of one shape; where
/// the two are parallel the line is taken, which is the arc's limit.
at::Tensor slerp(const at::Tensor& a, const at::Tensor& b, double share);

/// One generator an image; each draw is a stack of one randn({C, H, W}) per image.
class ImageNoise {
 public:
  ImageNoise(const std::vector<int64_t>& seeds, std::array<int64_t, 3> shape, c10::Device device);
  /// Every draw of image i lies at shares[i] between that of seeds[i] and that of towards[i].
  ImageNoise(const std::vector<int64_t>& seeds, const std::vector<int64_t>& towards,
             std::vector<double> shares, std::array<int64_t, 3> shape, c10::Device device);

  /// The next draw, [B, C, H, W].
  at::Tensor draw();
  /// Draws of another stream, keyed by seed and number of the draw: what `draw` gives does not depend on how
  /// often this was called.
  at::Tensor draw_beside();

 private:
  template <class Draw>
  at::Tensor stacked(const Draw& draw) const;

  std::vector<int64_t> seeds_, towards_;
  std::vector<double> shares_;
  std::array<int64_t, 3> shape_;
  c10::Device device_;
  std::vector<at::Generator> generators_, others_;
  uint64_t beside_ = 0;
};

}  // namespace uvic

#include "metrics/neighbours.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <limits>

namespace uvic {
namespace {

constexpr int64_t kBlockElements = int64_t{1} << 23;

}  // namespace

// |x|^2 + |y|^2 - 2 x . y in float64, centred: in float32 the distance of a row to its copy would come out
// as 1e-3 of its norm, and copies are what precision and coverage are about.
void for_each_distance_block(const at::Tensor& a, const at::Tensor& b, const VisitDistances& visit) {
  const at::NoGradGuard no_grad;
  const at::Tensor centre = b.mean(0, /*keepdim=*/true, at::kDouble);
  const at::Tensor y = b.to(at::kDouble) - centre, y_squared = y.square().sum(1);
  const int64_t N = a.size(0), block = std::clamp<int64_t>(kBlockElements / b.size(0), 1, N);
  for (int64_t first = 0; first < N; first += block) {
    const at::Tensor x = a.slice(0, first, first + block).to(at::kDouble) - centre;
    visit(first, at::addmm(y_squared + x.square().sum(1, /*keepdim=*/true), x, y.t(), 1, -2).clamp_min(0));
  }
}

at::Tensor nearest_distances(const at::Tensor& rows, int64_t k) {
  const int64_t N = rows.size(0);
  TORCH_CHECK(N > k, "the ", k, " nearest neighbours need more than ", k, " images, got ", N);
  const at::Tensor nearest = at::empty({N, k}, at::kDouble);
  for_each_distance_block(rows, rows, [&](int64_t first, const at::Tensor& squared) {
    const int64_t n = squared.size(0);
    squared.diagonal(first).fill_(std::numeric_limits<double>::infinity());
    nearest.slice(0, first, first + n).copy_(std::get<0>(squared.topk(k, 1, /*largest=*/false)));
  });
  return nearest;
}

}  // namespace uvic

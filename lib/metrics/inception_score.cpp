#include "metrics/inception_score.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

namespace uvic {

InceptionScore inception_score(const at::Tensor& probabilities, int64_t splits) {
  const at::NoGradGuard no_grad;
  const int64_t N = probabilities.size(0);
  TORCH_CHECK(N >= splits && splits >= 1, "the Inception score of ", splits,
              " splits needs as many images, got ", N);
  std::vector<double> scores;
  for (int64_t i = 0; i < splits; ++i) {
    const int64_t first = i * N / splits, last = (i + 1) * N / splits;
    const at::Tensor p = probabilities.slice(0, first, last).to(at::kDouble);
    const at::Tensor marginal = p.mean(0, /*keepdim=*/true);
    const at::Tensor divergence = at::xlogy(p, p) - at::xlogy(p, marginal);  // 0 log 0 is 0
    scores.push_back(std::exp(divergence.sum(1).mean().item<double>()));
  }
  const at::Tensor all = at::tensor(scores, at::kDouble);
  return {all.mean().item<double>(), all.std(/*unbiased=*/false).item<double>(), splits};
}

}  // namespace uvic

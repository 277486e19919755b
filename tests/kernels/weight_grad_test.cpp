// Gradients of weights, of every instruction set, against float64.
#include "kernels/weight_grad.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "kernels/cpu/cog_attention_cpu.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;

// 4,100 rows are three of the pieces in which x is copied.
TEST(WeightGrad, EveryInstructionSet) {
  at::manual_seed(1);
  for (const auto& [rows, in, out] : {std::tuple{1, 64, 64},
                                      {5, 12, 5},
                                      {257, 100, 130},
                                      {53, 257, 65},
                                      {600, 65, 1},
                                      {4100, 20, 50},
                                      {3, 1, 1}}) {
    const Tensor grad = at::randn({rows, out}), x = at::randn({rows, in});
    const Tensor expected = at::mm(grad.to(at::kDouble).t(), x.to(at::kDouble));
    for (const cpu::Isa& isa : cpu::supported_isas()) {
      const Tensor result = weight_grad(grad, x, &isa);
      EXPECT_EQ(result.scalar_type(), at::kFloat);
      EXPECT_LT(testing::relative_error(result.to(at::kDouble), expected), 2e-6)
          << isa.name << ", " << rows << " x " << in << " x " << out;
    }
  }
}

TEST(WeightGrad, IsTheSameForAnyNumberOfThreads) {
  at::manual_seed(2);
  const Tensor grad = at::randn({300, 200}), x = at::randn({300, 70});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Tensor one = weight_grad(grad, x);
  at::set_num_threads(2);
  EXPECT_TRUE(at::equal(weight_grad(grad, x), one));
  at::set_num_threads(threads);
}

TEST(WeightGrad, TakesViewsAndNoRows) {
  at::manual_seed(3);
  const Tensor grad = at::randn({40, 30}).t(), x = at::randn({30, 24}).slice(1, 4, 20);
  EXPECT_TRUE(at::equal(weight_grad(grad, x), weight_grad(grad.contiguous(), x.contiguous())));
  EXPECT_TRUE(at::equal(weight_grad(at::empty({0, 4}), at::empty({0, 3})), at::zeros({4, 3})));
}

TEST(WeightGrad, NamesWhatDoesNotFit) {
  const Tensor x = at::randn({6, 4});
  EXPECT_THROW(weight_grad(at::randn({5, 4}), x), c10::Error);
  EXPECT_THROW(weight_grad(x.to(at::kBFloat16), x), c10::Error);
  EXPECT_THROW(weight_grad(at::randn({2, 3, 4}), x), c10::Error);
}

}  // namespace
}  // namespace uvic

// The passes between matrix products against ATen in float64: values and gradients.
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "kernels/rows.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;
using Function = std::function<Tensor(const std::vector<Tensor>&)>;

Tensor leaf(const Tensor& x, at::ScalarType dtype) {
  return x.to(dtype).detach().clone().set_requires_grad(true);
}

// `ours` of inputs in `dtype`, `exact` of the same numbers in float64.
void check(const Function& ours, const Function& exact, const std::vector<Tensor>& inputs,
           at::ScalarType dtype, double tolerance) {
  std::vector<Tensor> a, b;
  for (const Tensor& input : inputs) {
    a.push_back(leaf(input, dtype));
    b.push_back(leaf(input.to(dtype), at::kDouble));
  }
  const Tensor y = ours(a), expected = exact(b), grad = at::randn(expected.sizes()).to(y.scalar_type());
  EXPECT_LT(relative_error(y.detach(), expected.detach()), tolerance);
  y.backward(grad);
  expected.backward(grad.to(at::kDouble));
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_LT(relative_error(a[i].grad(), b[i].grad()), tolerance) << "gradient " << i;
}

Tensor exact_norm(const std::vector<Tensor>& in) {
  return in[0] * (in[0].square().mean(-1, true) + 1e-5).rsqrt() * in[1];
}

TEST(Rows, Norm) {
  at::manual_seed(1);
  for (const int64_t C : {1, 7, 16, 48, 192, 770}) {
    const std::vector<Tensor> inputs = {at::randn({3, 67, C}) * 2, at::randn({C})};
    check([](const auto& in) { return rms_norm(in[0], in[1], 1e-5); }, exact_norm, inputs, at::kFloat, 5e-6);
  }
}

TEST(Rows, NormUnderAutocastIsBFloat16) {
  at::manual_seed(2);
  at::autocast::set_autocast_enabled(at::kCPU, true);
  const std::vector<Tensor> inputs = {at::randn({130, 80}), at::randn({80})};
  const Tensor y = rms_norm(inputs[0], inputs[1], 1e-5);
  check([](const auto& in) { return rms_norm(in[0], in[1], 1e-5); }, exact_norm, inputs, at::kFloat, 4e-3);
  at::autocast::set_autocast_enabled(at::kCPU, false);
  EXPECT_EQ(y.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(
      at::equal(y, rms_norm(inputs[0], inputs[1], 1e-5).to(at::kBFloat16)));  // rounded to nearest even
}

TEST(Rows, Rotate) {
  at::manual_seed(3);
  for (const auto& [dtype, tolerance] : {std::pair(at::kFloat, 1e-6), {at::kBFloat16, 4e-3}}) {
    for (const int64_t D : {2, 12, 32, 64, 72}) {
      for (const int64_t rows : {5, 15}) {  // of positions alone, and of each row of the batch
        const Tensor rotation = at::polar(at::ones({rows, D / 2}), at::randn({rows, D / 2}));
        const Function exact = [&](const auto& in) {
          const Tensor turn = rotation.to(at::kComplexDouble).view({-1, 5, 1, D / 2});
          return at::view_as_real(at::view_as_complex(in[0].view({3, 5, 4, D / 2, 2})) * turn)
              .view({3, 5, 4, D});
        };
        check([&](const auto& in) { return rotate(in[0], rotation); }, exact, {at::randn({3, 5, 4, D})},
              dtype, tolerance);
      }
    }
  }
  EXPECT_THROW_WITH(rotate(at::zeros({1, 2, 1, 4}), at::zeros({3, 2}, at::kComplexFloat)), c10::Error,
                    "rotate: x must be");
}

TEST(Rows, SwiGlu) {
  at::manual_seed(4);
  for (const auto& [dtype, tolerance] : {std::pair(at::kFloat, 1e-6), {at::kBFloat16, 5e-3}}) {
    const Function exact = [](const auto& in) { return in[0] * at::silu(in[1]); };
    check([](const auto& in) { return swiglu(in[0], in[1]); }, exact,
          {at::randn({5, 131}), at::randn({5, 131}) * 6}, dtype, tolerance);
  }
  // Far out nothing overflows.
  const Tensor x = at::tensor({-200.f, -90.f, 0.f, 90.f, 200.f}), y = swiglu(at::ones({5}), x);
  EXPECT_TRUE(at::allclose(y, at::silu(x), 1e-6, 1e-30)) << y;
}

TEST(Rows, EqualInputsGiveEqualBitsForAnyThreads) {
  const Tensor x = leaf(at::randn({1000, 64}), at::kFloat), weight = leaf(at::randn({64}), at::kFloat);
  std::vector<Tensor> gradients;
  const int before = at::get_num_threads();
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    const auto grads = torch::autograd::grad({rms_norm(x, weight, 1e-6).square().sum()}, {weight});
    gradients.push_back(grads[0]);
  }
  at::set_num_threads(before);
  for (const Tensor& other : gradients) EXPECT_TRUE(at::equal(other, gradients[0]));
}

}  // namespace
}  // namespace uvic

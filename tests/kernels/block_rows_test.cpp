// What lies between a block's matrix products against ATen in float64: values and gradients, by the kernels
// of every instruction set that runs here.
#include "kernels/block_rows.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/cpu/cog_attention_cpu.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;

constexpr double kEps = 1e-5;

struct Row {
  at::ScalarType dtype;
  int64_t R, C;
};
// Fewer numbers than a vector, none left over, some left over; rows for one item and for three.
const std::vector<Row> kRows = {{at::kFloat, 5, 7},    {at::kFloat, 150, 64},    {at::kFloat, 64, 130},
                                {at::kBFloat16, 5, 7}, {at::kBFloat16, 150, 64}, {at::kBFloat16, 64, 130}};

double tolerance(at::ScalarType dtype) {
  return dtype == at::kFloat ? 3e-6 : 6e-3;
}

Tensor exact(const Tensor& x) {
  return x.to(at::kDouble).detach().clone().set_requires_grad(true);
}

void for_each(const std::function<void(const Row&, const cpu::Isa*)>& check) {
  for (const cpu::Isa& isa : cpu::supported_isas()) {
    for (const Row& row : kRows) {
      SCOPED_TRACE(c10::str(isa.name, ", ", row.dtype, " [", row.R, ", ", row.C, "]"));
      at::manual_seed(1);
      check(row, &isa);
    }
  }
}

TEST(BlockRows, AddAndNorm) {
  for_each([](const Row& row, const cpu::Isa* isa) {
    const auto& [dtype, R, C] = row;
    const Tensor x = at::randn({R, C}) + 3, change = at::randn({R, C}).to(dtype), bias = at::randn({C}),
                 weight = at::randn({C}), norm_bias = at::randn({C});
    const Residual found = add_and_norm(x, change, bias, weight, norm_bias, kEps, dtype, isa);
    const Tensor x64 = exact(x), change64 = exact(change), bias64 = exact(bias), weight64 = exact(weight),
                 norm_bias64 = exact(norm_bias), sum = x64 + change64 + bias64;
    const Tensor normed = at::layer_norm(sum, {C}, weight64, norm_bias64, kEps);
    EXPECT_EQ(found.normed.scalar_type(), dtype);
    EXPECT_LT(relative_error(found.sum, sum.detach()), 3e-7);
    EXPECT_LT(relative_error(found.normed, normed.detach()), tolerance(dtype));

    const Tensor grad_normed = at::randn({R, C}).to(dtype), grad = at::randn({R, C});
    const ResidualGrad back = add_and_norm_backward(grad, grad_normed, found, weight, dtype, isa);
    ((normed * grad_normed.to(at::kDouble)).sum() + (sum * grad.to(at::kDouble)).sum()).backward();
    EXPECT_LT(relative_error(back.sum, x64.grad()), 3e-6);
    EXPECT_LT(relative_error(back.rounded, change64.grad()), tolerance(dtype));
    EXPECT_EQ(back.rounded.scalar_type(), dtype);
    EXPECT_LT(relative_error(back.bias, bias64.grad()), 3e-6);
    EXPECT_LT(relative_error(back.norm_weight, weight64.grad()), 3e-6);
    EXPECT_LT(relative_error(back.norm_bias, norm_bias64.grad()), 3e-6);
  });
}

// A block begins with x alone, or with a change alone, and ends without a norm.
TEST(BlockRows, WhatIsLeftOut) {
  for_each([](const Row& row, const cpu::Isa* isa) {
    const auto& [dtype, R, C] = row;
    const Tensor x = at::randn({R, C}), change = at::randn({R, C}).to(dtype), one = at::ones({C}),
                 zero = at::zeros({C});
    const Residual alone = add_and_norm(x, {}, {}, one, zero, kEps, dtype, isa);
    EXPECT_TRUE(at::equal(alone.sum, x));
    EXPECT_LT(relative_error(alone.normed, at::layer_norm(x, {C})), tolerance(dtype));
    EXPECT_TRUE(
        at::equal(add_and_norm({}, change, zero, {}, {}, kEps, dtype, isa).sum, change.to(at::kFloat)));
    EXPECT_FALSE(add_and_norm(x, change, zero, {}, {}, kEps, dtype, isa).normed.defined());

    const ResidualGrad back = add_and_norm_backward(x, {}, {}, {}, dtype, isa);
    EXPECT_TRUE(at::equal(back.sum, x));
    EXPECT_TRUE(at::equal(back.rounded, x.to(dtype)));  // to nearest even
    EXPECT_LT(relative_error(back.bias, x.to(at::kDouble).sum(0)), 3e-6);
    EXPECT_FALSE(back.norm_weight.defined());
  });
}

TEST(BlockRows, BiasGelu) {
  for_each([](const Row& row, const cpu::Isa* isa) {
    const auto& [dtype, R, C] = row;
    const Tensor x = (at::randn({R, C}) * 3).to(dtype), bias = at::randn({C}),
                 grad = at::randn({R, C}).to(dtype);
    const Tensor x64 = exact(x), bias64 = exact(bias), y = at::gelu(x64 + bias64);
    EXPECT_LT(relative_error(bias_gelu(x, bias, isa), y.detach()), tolerance(dtype));
    y.backward(grad.to(at::kDouble));
    const BiasGeluGrad back = bias_gelu_backward(grad, x, bias, isa);
    EXPECT_LT(relative_error(back.x, x64.grad()), tolerance(dtype));
    EXPECT_LT(relative_error(back.bias, bias64.grad()), 3e-6);
  });
}

TEST(BlockRows, NotANumberStaysOne) {
  for_each([](const Row& row, const cpu::Isa* isa) {
    const Tensor x = at::randn({row.R, row.C}).to(row.dtype), bias = at::zeros({row.C});
    x[row.R - 1][row.C - 1] = NAN;
    EXPECT_TRUE(bias_gelu(x, bias, isa)[row.R - 1][row.C - 1].isnan().item<bool>());
    const Residual found = add_and_norm({}, x, bias, bias + 1, bias, kEps, row.dtype, isa);
    EXPECT_TRUE(found.normed[row.R - 1].isnan().all().item<bool>());
    EXPECT_FALSE(found.normed[0].isnan().any().item<bool>());
  });
}

}  // namespace
}  // namespace uvic

// Linear layers of packed weights, of every format and instruction set, against float64.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "kernels/cpu/cog_attention_cpu.h"
#include "kernels/linear.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;

const std::pair<WeightFormat, const char*> kFormats[] = {
    {WeightFormat::kFp32, "fp32"}, {WeightFormat::kBf16, "bf16"}, {WeightFormat::kInt8, "int8"}};

// To whole steps, 127 to the largest of a row.
Tensor quantised(const Tensor& x) {
  const Tensor most = x.abs().amax(-1, true).clamp_min(1e-30);
  return (x * (127 / most)).round() * most.div(127);
}

// Of what the format keeps of x and the weight.
Tensor expected(const LinearCall& call, const Tensor& weight, const Tensor& bias, WeightFormat format) {
  Tensor x = call.x.to(at::kFloat);
  if (call.beside.defined()) x = at::cat({x, call.beside.to(at::kFloat)}, -1);
  if (call.norm_weight.defined())
    x = at::layer_norm(x, {x.size(-1)}, call.norm_weight, call.norm_bias, call.norm_eps);
  Tensor w = weight;
  if (format == WeightFormat::kInt8) x = quantised(x), w = quantised(w);
  if (format == WeightFormat::kBf16) x = x.to(at::kBFloat16), w = w.to(at::kBFloat16);
  Tensor y = at::linear(x.to(at::kDouble), w.to(at::kDouble), bias.to(at::kDouble));
  if (call.gelu) y = at::gelu(y);
  return call.residual.defined() ? y + call.residual : y;
}

// bf16 where the CPU has no such products is computed in float32; and a rounding may fall to the other side,
// which is a step of 127 for one number of a row: after a norm of other last bits, or where numbers of few
// bits lie in the middle between two steps.
double bound_of(WeightFormat format, const LinearCall& call) {
  if (call.dtype == at::kBFloat16) return 6e-3;
  if (format == WeightFormat::kFp32) return 2e-6;
  if (format == WeightFormat::kBf16) return 6e-3;
  return call.norm_weight.defined() || call.x.scalar_type() == at::kBFloat16 ? 4e-3 : 5e-6;
}

TEST(PackedLinear, EveryFormatOnEveryInstructionSet) {
  at::manual_seed(1);
  for (const auto& [rows, in, out] :
       {std::tuple{1, 64, 64}, {5, 12, 5}, {6, 100, 130}, {53, 257, 65}, {101, 128, 384}, {3, 1, 1}}) {
    const Tensor weight = at::randn({out, in}), bias = at::randn({out}), half = at::randn({rows, in / 2});
    const Tensor x = at::randn({rows, in}) * 2 + 0.3, scale = at::rand({in}) + 0.5, shift = at::randn({in});
    const LinearCall calls[] = {
        {.x = x},
        {.x = x, .dtype = at::kBFloat16},
        {.x = x.to(at::kBFloat16), .residual = at::randn({rows, out})},
        {.x = x, .norm_weight = scale, .norm_bias = shift, .norm_eps = 1e-3, .gelu = true},
        {.x = at::randn({rows, in - in / 2}),
         .beside = half,
         .gelu = true,
         .residual = at::randn({rows, out})}};
    for (const cpu::Isa& isa : cpu::supported_isas()) {
      for (const auto& [format, name] : kFormats) {
        const PackedLinear layer(weight, bias, format, &isa);
        for (size_t i = 0; i < std::size(calls); ++i) {
          if (calls[i].beside.defined() && in < 2) continue;
          const Tensor y = layer(calls[i]);
          EXPECT_EQ(y.scalar_type(), calls[i].dtype);
          EXPECT_LT(relative_error(y.to(at::kDouble), expected(calls[i], weight, bias, format)),
                    bound_of(format, calls[i]))
              << isa.name << ", " << name << ", " << rows << " x " << in << " x " << out << ", call " << i;
        }
      }
    }
  }
}

// Of any two formats, as an int8 layer may be followed by one that stays bfloat16.
TEST(PackedLinear, TwoInSequenceGiveTheBitsOfOneAfterTheOther) {
  at::manual_seed(5);
  const Tensor x = at::randn({2, 61, 40}), scale = at::rand({40}) + 0.5, shift = at::randn({40});
  const Tensor up = at::randn({130, 40}), down = at::randn({40, 130}), bias = at::randn({130});
  for (const auto& [first_format, first_name] : kFormats) {
    for (const auto& [last_format, last_name] : kFormats) {
      const PackedLinear first(up, bias, first_format), last(down, {}, last_format);
      for (const auto dtype : {at::kFloat, at::kBFloat16}) {
        const LinearCall call{.x = x, .norm_weight = scale, .norm_bias = shift, .gelu = true, .dtype = dtype};
        EXPECT_TRUE(
            at::equal(first.then(call, last, {.residual = x}), last({.x = first(call), .residual = x})))
            << first_name << ", " << last_name;
      }
    }
  }
  const PackedLinear first(up, bias, WeightFormat::kFp32), last(down, {}, WeightFormat::kFp32);
  EXPECT_THROW(first.then({.x = x}, first, {}), c10::Error);
  EXPECT_EQ(first.then({.x = x.slice(1, 0, 0)}, last, {}).sizes(), at::IntArrayRef({2, 0, 40}));
}

// So that an image is its seed's, whatever the batch.
TEST(PackedLinear, ARowDoesNotDependOnThoseBesideIt) {
  at::manual_seed(2);
  const Tensor x = at::randn({131, 96}), one = at::ones({96}), zero = at::zeros({96});
  for (const auto& [format, name] : kFormats) {
    const PackedLinear layer(at::randn({200, 96}), at::randn({200}), format);
    const auto of = [&](const Tensor& rows) {
      return layer({.x = rows, .norm_weight = one, .norm_bias = zero, .gelu = true});
    };
    const Tensor all = of(x);
    for (const int64_t i : {0, 5, 47, 48, 100, 130})
      EXPECT_TRUE(at::equal(of(x.slice(0, i, i + 1))[0], all[i])) << name << " " << i;
    EXPECT_TRUE(at::equal(of(x.view({1, 131, 96}))[0], all)) << name;
  }
}

TEST(PackedLinear, RowsAndChannelsOfZero) {
  for (const auto& [format, name] : kFormats) {
    const PackedLinear layer(at::zeros({7, 20}), {}, format);
    EXPECT_TRUE(at::equal(layer({.x = at::randn({3, 20})}), at::zeros({3, 7}))) << name;
    const PackedLinear other(at::randn({7, 20}), at::ones({7}), format);
    EXPECT_TRUE(at::equal(other({.x = at::zeros({3, 20})}), at::ones({3, 7}))) << name;
    EXPECT_EQ(other({.x = at::zeros({0, 20})}).sizes(), at::IntArrayRef({0, 7}));
  }
}

TEST(PackedLinear, AValueThatIsNotFiniteStaysSo) {
  Tensor x = at::ones({2, 20});
  x[1][3] = std::numeric_limits<float>::quiet_NaN();
  for (const auto format : {WeightFormat::kFp32, WeightFormat::kBf16, WeightFormat::kInt8}) {
    const Tensor y = PackedLinear(at::randn({7, 20}), {}, format)({.x = x, .gelu = true});
    EXPECT_TRUE(at::isfinite(y[0]).all().item<bool>());
    EXPECT_FALSE(at::isfinite(y[1]).any().item<bool>());
  }
}

TEST(PackedLinear, ErrorOfRoundingAWeight) {
  at::manual_seed(3);
  Tensor weight = at::randn({64, 512});
  EXPECT_NEAR(int8_error(weight), 0.0075, 0.002);
  weight.index_put_({at::tensor({5})},
                    at::randn({512}).mul(1e-3).index_put({at::tensor({9})}, at::tensor(9.f)));
  EXPECT_LT(int8_error(weight), 0.02);  // a channel whose step is too wide is small beside the others
  weight.slice(1, 0, 1).fill_(60);
  EXPECT_GT(int8_error(weight), 0.01);
  EXPECT_EQ(int8_error(at::zeros({4, 4})), 0);
}

TEST(PackedLinear, RefusesWhatDoesNotFit) {
  EXPECT_THROW_WITH(PackedLinear(at::zeros({3}), {}, WeightFormat::kFp32), c10::Error, "[out, in]");
  EXPECT_THROW_WITH(PackedLinear(at::zeros({3, 4}), at::zeros({2}), WeightFormat::kFp32), c10::Error,
                    "the bias must be [3]");
  const PackedLinear layer(at::zeros({3, 4}), {}, WeightFormat::kFp32);
  EXPECT_THROW_WITH(layer({.x = at::zeros({2, 5})}), c10::Error, "x must be [..., 4]");
  EXPECT_THROW_WITH(layer({.x = at::zeros({2, 3}), .beside = at::zeros({1, 1})}), c10::Error, "beside");
  EXPECT_THROW_WITH(layer({.x = at::zeros({2, 4}), .residual = at::zeros({2, 4})}), c10::Error, "residual");
  EXPECT_THROW_WITH(layer({.x = at::zeros({2, 4}), .norm_weight = at::ones({3})}), c10::Error, "norm_weight");
  EXPECT_THROW_WITH(layer({.x = at::zeros({2, 4}), .dtype = at::kHalf}), c10::Error, "float32 or bfloat16");
}

}  // namespace
}  // namespace uvic

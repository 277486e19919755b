// Products and attention of a few rows, against float64.
#include <gtest/gtest.h>

#include "kernels/cog_attention.h"
#include "kernels/decode.h"
#include "support/support.h"

namespace uvic {
namespace {

using at::Tensor;
using testing::relative_error;

const at::ScalarType kDtypes[] = {at::kFloat, at::kBFloat16};

TEST(Decode, ProductsOfRows) {
  at::manual_seed(1);
  for (const auto dtype : kDtypes) {
    for (const auto& [rows, in, out] :
         {std::tuple{1, 768, 2304}, {1, 12, 5}, {3, 48, 97}, {4, 100, 64}, {7, 33, 259}, {16, 64, 130}}) {
      const Tensor x = at::randn({rows, in}), weight = at::randn({out, in}).to(dtype);
      const Tensor expected = at::matmul(x.to(at::kDouble), weight.to(at::kDouble).t());
      EXPECT_LT(relative_error(linear_of_rows(x, weight), expected), 1e-6) << rows << " " << in << " " << out;
    }
  }
}

// So a text does not depend on the texts beside it.
TEST(Decode, ARowDoesNotDependOnThoseBesideIt) {
  at::manual_seed(2);
  const Tensor x = at::randn({11, 130}), weight = at::randn({70, 130});
  const Tensor all = linear_of_rows(x, weight);
  for (int64_t i = 0; i < 11; ++i)
    EXPECT_TRUE(at::equal(linear_of_rows(x.slice(0, i, i + 1), weight)[0], all[i]));
}

TEST(Decode, AttentionOfOneQuery) {
  at::manual_seed(3);
  for (const auto kind : {AttentionKind::kCog, AttentionKind::kSoftmax}) {
    for (const auto dtype : kDtypes) {
      for (const int64_t M : {1, 2, 15, 16, 17, 63, 257}) {
        for (const int64_t D : {12, 32, 64, 72}) {
          // Rows of a longer cache, and queries that make some weights large.
          const Tensor keys = at::randn({3, M + 5, D}).to(dtype).slice(1, 2, M + 2),
                       values = at::randn({3, M + 5, D}).to(dtype).slice(1, 2, M + 2),
                       q = at::randn({3, D}) * 3;
          const auto wide = [](const Tensor& x) { return x.to(at::kDouble).unsqueeze(0); };
          const auto [expected, lse] = attention(kind, wide(q).view({1, 3, 1, D}), wide(keys), wide(values),
                                                 {}, false, /*fused=*/false);
          EXPECT_LT(relative_error(attend_one(kind, q, keys, values), expected.view({3, D})), 2e-6)
              << name_of(kind) << " " << dtype << " M " << M << " D " << D;
        }
      }
    }
  }
}

// A score of exactly 0 has no weight, and yet its place in the denominator.
TEST(Decode, AScoreOfZero) {
  const Tensor q = at::tensor({1.f, 0.f}).view({1, 2}),
               keys = at::tensor({0.f, 5.f, -1.f, 0.f}).view({1, 2, 2}),
               values = at::tensor({1.f, 2.f, 3.f, 4.f}).view({1, 2, 2});
  const float e = std::exp(1 / std::sqrt(2.f)), weight = -e / (1 + e);
  EXPECT_LT(testing::max_abs_error(attend_one(AttentionKind::kCog, q, keys, values),
                                   at::tensor({3 * weight, 4 * weight}).view({1, 2})),
            1e-6);
}

TEST(Decode, RefusesWhatDoesNotFit) {
  EXPECT_THROW_WITH(linear_of_rows(at::zeros({1, 3}), at::zeros({2, 4})), c10::Error, "x must be [rows, in]");
  EXPECT_THROW_WITH(linear_of_rows(at::zeros({17, 3}), at::zeros({2, 3})), c10::Error, "at most 16 rows");
  EXPECT_THROW_WITH(
      attend_one(AttentionKind::kCog, at::zeros({1, 4}), at::zeros({1, 0, 4}), at::zeros({1, 0, 4})),
      c10::Error, "keys and values");
}

}  // namespace
}  // namespace uvic

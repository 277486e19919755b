#include "nn/options.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/support.h"

namespace uvic {
namespace {

std::string placement(std::vector<std::string> softmax_layers, const std::string& attention = "cog") {
  ModelOptions options;
  options.depth = 4;
  options.attention = attention;
  options.softmax_layers = std::move(softmax_layers);
  std::string text;
  for (int64_t i = 0; i <= options.depth; ++i) text += name_of(options.attention_kind(i))[0];
  return text;
}

TEST(ModelOptions, PlacementOfCogAttention) {
  EXPECT_EQ(placement({"first", "last"}), "sCCCs");
  EXPECT_EQ(placement({"none"}), "CCCCC");
  EXPECT_EQ(placement({}), "CCCCC");
  EXPECT_EQ(placement({"all"}), "sssss");
  EXPECT_EQ(placement({"lower_half"}), "sssCC");
  EXPECT_EQ(placement({"1", "3"}), "CsCsC");
  EXPECT_EQ(placement({"none"}, "softmax"), "sssss");
  EXPECT_EQ(placement({"first", "2"}, "cog_sum1"), "srsrr");
}

TEST(ModelOptions, ValuesThatDoNotGoTogether) {
  const auto invalid = [](auto change, const char* message) {
    ModelOptions options;
    change(options);
    EXPECT_THROW_WITH(options.validate(), UsageError, message);
  };
  invalid([](auto& o) { o.patch_size = 3; }, "model.patch_size: 3 must divide");
  invalid([](auto& o) { o.num_heads = 3; }, "model.num_heads: 3 must divide model.embed_dim 256");
  invalid([](auto& o) { o.depth = 5; }, "model.depth: 5 must be even");
  invalid([](auto& o) { o.num_classes = 0; }, "model.num_classes");
  invalid([](auto& o) { o.img_size = {1, 2, 3}; }, "model.img_size");
  invalid([](auto& o) { o.softmax_layers = {"9"}; }, "'9' must be first, last");
  invalid([](auto& o) { o.softmax_layers = {"frist"}; }, "'frist'");
}

}  // namespace
}  // namespace uvic

#include "metrics/extract.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/safetensors.h"
#include "metrics/frechet.h"
#include "support/extractors.h"
#include "support/python.h"

namespace uvic {
namespace {

using testing::script_network;
using testing::standin;
using testing::TemporaryDirectory;

at::Tensor golden_images(const std::string& name) {
  return load_safetensors(testing::fixture("fid_images.safetensors"))
      .tensors.at(name)
      .permute({0, 3, 1, 2})
      .contiguous();
}

FeatureSet extract(const std::filesystem::path& network, const at::Tensor& images,
                   const ExtractOptions& options = {}, int64_t batch = 50) {
  FeatureExtractor extractor(network, c10::kCPU);
  FeatureCollector collector(extractor, options);
  auto batches = images.split(batch);
  size_t next = 0;
  extract_all([&] { return next < batches.size() ? batches[next++] : at::Tensor(); }, collector);
  return collector.finish("images");
}

TEST(Extractor, FidFromImagesEqualsPytorchFid) {
  const double expected =
      std::stod(load_safetensors(testing::fixture("fid_images.safetensors")).metadata.at("fid"));
  const auto a = extract(standin(), golden_images("images_1")),
             b = extract(standin(), golden_images("images_2"));
  EXPECT_EQ(a.images, 256);
  EXPECT_NEAR(frechet_distance(a.pooled, b.pooled).distance, expected, 1e-4 * expected);
}

TEST(Extractor, KeepsWhatIsAskedForAndBatchesDoNotMatter) {
  const at::Tensor images = golden_images("images_1");
  const auto plain = extract(standin(), images);
  EXPECT_FALSE(plain.rows.defined());
  EXPECT_FALSE(plain.probabilities.defined());
  const auto all = extract(standin(), images, {.keep_rows = true, .probabilities = true}, 7);
  EXPECT_EQ(all.rows.sizes(), at::IntArrayRef({256, 48}));
  EXPECT_EQ(all.probabilities.sizes(), at::IntArrayRef({256, 10}));
  EXPECT_LT(testing::relative_error(all.pooled.covariance, plain.pooled.covariance), 1e-5);
}

// The first batch is asked for both; the later ones' probabilities come from their features.
TEST(Extractor, ProbabilitiesAreTheNetworksOwnInEveryBatch) {
  const at::Tensor images = golden_images("images_1").narrow(0, 0, 40);
  FeatureExtractor extractor(standin(), c10::kCPU);
  extractor(images.narrow(0, 0, 20), true);
  const at::Tensor later = extractor(images.narrow(0, 20, 20), true).probabilities;
  FeatureExtractor fresh(standin(), c10::kCPU);
  EXPECT_LT(testing::max_abs_error(later, fresh(images.narrow(0, 20, 20), true).probabilities), 1e-6);
  EXPECT_LT(testing::max_abs_error(later.sum(1), at::ones({20})), 1e-6);
}

TEST(Extractor, AnyTorchScriptNetworkGivesFeatures) {
  const TemporaryDirectory directory;
  FeatureExtractor plain(testing::plain_network(directory / "plain.pt"), c10::kCPU);
  EXPECT_EQ(plain.probe(20, 30).pooled, 4);
  const at::Tensor images = at::full({2, 3, 8, 8}, 51, at::kByte);
  EXPECT_LT(testing::max_abs_error(plain(images, false).pooled, at::full({2, 4}, 0.2)), 1e-6);
  EXPECT_NE(plain.why_no_probabilities().find("gives only features"), std::string::npos);
  EXPECT_TRUE(FeatureExtractor(standin(), c10::kCPU).why_no_probabilities().empty());

  FeatureExtractor pooled(script_network(directory / "pooled.pt",
                                         "def forward(self, x):\n  return x.float().mean([2, 3], True)\n"),
                          c10::kCPU);
  EXPECT_EQ(pooled.probe(8, 8).pooled, 3);
  FeatureExtractor pair(
      script_network(directory / "pair.pt",
                     "def forward(self, x):\n  y = x.float()\n  return y.mean([2, 3]), y[:, :1, :2, :2]\n"),
      c10::kCPU);
  EXPECT_EQ(pair(images, false).spatial.sizes(), at::IntArrayRef({2, 4}));
  EXPECT_EQ(pair.probe(8, 8).spatial, 4);
}

TEST(Extractor, LogitsBecomeProbabilities) {
  const TemporaryDirectory directory;
  FeatureExtractor extractor(script_network(directory / "logits.pt", R"(
def forward(self, images, return_features: bool=False):
    x = images.float().mean([2, 3]) / 100
    if return_features:
        return x * 2
    return x
)"),
                             c10::kCPU);
  at::manual_seed(1);
  const at::Tensor images = at::randint(256, {4, 3, 8, 8}, at::kByte);
  const Features features = extractor(images, true);
  EXPECT_LT(testing::max_abs_error(features.probabilities, (features.pooled / 2).softmax(1)), 1e-6);
}

TEST(Extractor, WhatIsNoExtractorIsRefusedByName) {
  const TemporaryDirectory directory;
  EXPECT_THROW_WITH(FeatureExtractor(directory / "absent.pt", c10::kCPU), UsageError,
                    "absent.pt: cannot read");
  testing::write_bytes(directory / "junk.pt", "junk");
  EXPECT_THROW_WITH(FeatureExtractor(directory / "junk.pt", c10::kCPU), UsageError,
                    "junk.pt: is not a TorchScript network (torch.jit.save): it is a text file");
  const auto kind = [&](const std::string& bytes, const std::string& text) {
    testing::write_bytes(directory / "x.pt", bytes);
    EXPECT_THROW_WITH(FeatureExtractor(directory / "x.pt", c10::kCPU), UsageError, text);
  };
  kind("", "it is an empty file");
  kind("<!DOCTYPE html><html></html>", "it is an HTML page");
  kind("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "it is a Git LFS pointer");
  kind(testing::read_bytes(testing::fixture("weights_uvic_uncond.pth")),
       "it is what torch.save wrote, such as a state dict");
  EXPECT_THROW_WITH(FeatureExtractor(directory.path(), c10::kCPU), UsageError, "cannot read this file");
  const auto refusal = [&](const std::string& source, const std::string& text) {
    FeatureExtractor extractor(script_network(directory / "x.pt", source), c10::kCPU);
    EXPECT_THROW_WITH(extractor.probe(8, 8), UsageError, text);
  };
  refusal("def forward(self, x):\n  return x.float().mean()\n", "features must be [n, D]");
  refusal("def forward(self, x):\n  return 3\n", "must return a tensor of features");
  refusal("def forward(self, x):\n  assert x.size(2) >= 32, 'too small'\n  return x.float().mean([2, 3])\n",
          "x.pt: cannot take images of 8x8: AssertionError: too small");
}

TEST(Extractor, FeaturesThatAreNotFiniteAndTooFewImagesAreErrors) {
  const TemporaryDirectory directory;
  const auto network =
      script_network(directory / "nan.pt", "def forward(self, x):\n  return x.float().mean([2, 3]).log()\n");
  at::Tensor images = at::ones({4, 3, 8, 8}, at::kByte);
  images[3].zero_();
  EXPECT_THROW_WITH(extract(network, images, {}, 2), NonFiniteFeatures,
                    "nan.pt: gave features that are not finite for image 3");
  EXPECT_THROW_WITH(extract(network, at::ones({1, 3, 8, 8}, at::kByte)), UsageError,
                    "two images or more, there is 1");
}

}  // namespace
}  // namespace uvic

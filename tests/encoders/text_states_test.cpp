// States that another encoder has made: looked up, packed, trained on, sampled with.
#include "encoders/text_states.h"

#include <ATen/ATen.h>

#include "core/errors.h"
#include "data/open.h"
#include "io/npy.h"
#include "support/captioned_run.h"

namespace uvic {
namespace {

using namespace testing;

class TextStatesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    save_npy(file(), states_);
    write_bytes(directory_ / "texts.txt", "a cat\na dog\n");
  }
  std::string file() const { return directory_ / "t5.npy"; }
  std::string texts() const { return directory_ / "texts.txt"; }
  std::string mask() const { return directory_ / "t5_mask.npy"; }

  TemporaryDirectory directory_;
  const at::Tensor states_ = at::arange(1, 2 * 3 * 4 + 1, at::kFloat).view({2, 3, 4});
};

TEST_F(TextStatesTest, AreFoundByTheirText) {
  const TextStates table(file(), texts());
  EXPECT_EQ(table.tokens(), 3);
  EXPECT_EQ(table.dim(), 4);
  const at::Tensor rows = table.rows({"a dog", "", "a cat", "a dog"});
  EXPECT_TRUE(at::equal(rows, at::tensor({1, -1, 0, 1}, at::kLong).view({4, 1})));
  EXPECT_TRUE(
      at::equal(table.states(rows), at::stack({states_[1], at::zeros({3, 4}), states_[0], states_[1]})));
  EXPECT_EQ(table.describe(), "states of 2 texts, 3 x 4, of " + file());
  EXPECT_THROW_WITH(table.rows({"a bird"}), UsageError,
                    "'a bird' is not among the texts of " + texts() + ", whose states are known");
}

TEST_F(TextStatesTest, OfHalfPrecisionAndUnderAMask) {
  save_npy(file(), states_.to(at::kHalf));
  const at::Tensor kept = at::tensor({1, 1, 0, 1, 0, 0}).view({2, 3});
  for (const auto type : {at::kBool, at::kByte, at::kLong}) {
    save_npy(mask(), kept.to(type));
    const TextStates table(file(), texts());
    EXPECT_TRUE(at::equal(table.states(table.rows({"a cat", "a dog"})), states_ * kept.unsqueeze(2)));
  }
  // Its own empty text instead of zeros.
  write_bytes(directory_ / "texts.txt", "a cat\n\n");
  const TextStates table(file(), texts());
  EXPECT_TRUE(at::equal(table.states(table.rows({""}))[0], (states_ * kept.unsqueeze(2))[1]));
}

TEST_F(TextStatesTest, RefusesWhatDoesNotGoTogether) {
  const auto refusal = [&](const std::string& message) {
    EXPECT_THROW_WITH(TextStates(file(), texts()), UsageError, message);
  };
  write_bytes(directory_ / "texts.txt", "a cat\n");
  refusal(texts() + ": has 1 texts, but " + file() + " the states of 2");
  save_npy(file(), states_.view({2, 12}));
  refusal(file() + ": must hold floats [texts, tokens, dim], not float32 [2, 12]");
  save_npy(file(), states_.to(at::kInt));
  refusal(file() + ": must hold floats [texts, tokens, dim], not int32 [2, 3, 4]");
  save_npy(file(), states_);
  save_npy(mask(), at::ones({2, 4}));
  refusal(mask() + ": must be [2, 3] as " + file() + " is, not [2, 4]");
  const std::string bytes = read_bytes(file());
  for (const size_t size : {size_t{0}, size_t{5}, size_t{40}, bytes.size() - 1}) {
    write_bytes(file(), bytes.substr(0, size));
    refusal(file() + ": ");
  }
}

// What encode-text writes of CLIP's states serves as well as CLIP itself, without being loaded again.
TEST_F(TextStatesTest, OfEncodeTextGiveThePackOfItsEncoderAndPictures) {
  for (int i = 0; i < 4; ++i) {
    write_image(directory_ / c10::str("data/", i, ".png"), picture(8, 8, i));
    write_bytes(directory_ / c10::str("data/", i, ".txt"), i % 2 == 0 ? "a cat" : "a dog");
  }
  write_bytes(directory_ / "texts.txt", "a dog\n\na cat\n");
  const std::string clip = " --text-encoder " + fixture("clip").string(),
                    table = " --text-encoder " + file() + " --tokenizer " + texts(),
                    pack = "uvic-data pack " + (directory_ / "data").string() +
                           " --image-size 8 --states --states-type fp32",
                    out = (directory_ / "x.pack").string();
  expect_ok(run("uvic-data encode-text" + clip + " --captions " + texts() + " --out " + file()));
  expect_ok(run(pack + clip + " --out " + (directory_ / "clip.pack").string()));
  expect_ok(run(pack + table + " --out " + out));
  DataOptions options{.kind = "pack", .path = out};
  const auto ours = open_data(options, {3, 8, 8}).train;
  options.path = directory_ / "clip.pack";
  const auto clips = open_data(options, {3, 8, 8}).train;
  for (int64_t i = 0; i < 4; ++i)
    EXPECT_TRUE(at::allclose(ours->captions()->states(i, 0), clips->captions()->states(i, 0), 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(ours->captions()->null_states(), clips->captions()->null_states(), 1e-5, 1e-6));

  DiffusionConfig config = tiny_config(out);
  config.model.in_chans = 3;
  config.model.num_classes = -1;
  config.model.clip_dim = 32;
  config.model.num_clip_token = 77;
  config.data.kind = DataKind::kPack;
  config.diffusion.p_uncond = 0.2;
  config.train.steps = 2;
  write_bytes(directory_ / "config.yaml", config.to_yaml());
  const std::string train = "uvic-train --device cpu --quiet --config " +
                            (directory_ / "config.yaml").string() + " --out " + (directory_ / "run").string();
  expect_usage_error(
      train + " --set text.encoder=" + file() + " --set text.tokenizer=" + texts(),
      "text.encoder: " + file() + " holds the states of given texts; training reads them from a pack");
  expect_ok(run(train));
  const std::string sample = "uvic-sample --device cpu --quiet --checkpoint " +
                             (directory_ / "run").string() +
                             " --solver ddim --steps 3 --cfg 2 --prompt \"a cat\" --prompt \"a dog\" --raw ";
  expect_ok(run(sample + (directory_ / "a.npy").string() + table));
  expect_ok(run(sample + (directory_ / "b.npy").string() + clip));
  EXPECT_LT((load_npy(directory_ / "a.npy") - load_npy(directory_ / "b.npy")).abs().max().item<double>(),
            1e-3);
  expect_usage_error(sample + (directory_ / "c.npy").string() + table + " --prompt \"a bird\"",
                     "'a bird' is not among the texts of");
  expect_usage_error(sample + (directory_ / "c.npy").string() + " --text-encoder " + file(),
                     "text.tokenizer: must be the file of the texts that");
}

}  // namespace
}  // namespace uvic

#include "tasks/diffusion/doubts.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/support.h"
#include "support/tiny_run.h"

namespace uvic {
namespace {

DiffusionConfig sound() {
  DiffusionConfig config = testing::tiny_config("/nowhere");
  config.train.ema = {};
  config.sample.cfg = 1;
  return config;
}

std::vector<std::string> doubts_when(DiffusionConfig config, Beginning beginning = Beginning::kFresh) {
  config.resolve();
  config.validate();
  return doubts_of(config, beginning);
}

TEST(DiffusionDoubts, GuidanceByWhatIsNeverTrained) {
  DiffusionConfig config = sound();
  EXPECT_TRUE(doubts_when(config).empty());
  config.sample.cfg = config.preview.cfg = 1.5;
  EXPECT_TRUE(doubts_when(config).empty());
  config.diffusion.p_uncond = 0;
  config.model.null_label = NullLabel::kLast;  // has the row, and no step ever draws it
  const auto doubts = doubts_when(config);
  ASSERT_EQ(doubts.size(), 2U);
  EXPECT_EQ(
      doubts[0],
      "preview.cfg: guidance of 1.5 needs what the model predicts without a class or a caption, and this "
      "run never trains that; set diffusion.p_uncond above 0, or preview.cfg=1");
  EXPECT_TRUE(doubts_when(config, Beginning::kResumed)[1].ends_with("never trains that; set sample.cfg=1"));
  config.model.null_label = NullLabel::kAuto;
  config.preview.cfg = 1;
  EXPECT_EQ(doubts_when(config).size(), 1U);
}

// It would be found out at the first grid.
TEST(DiffusionDoubts, AGridThatCannotBeGuidedIsRefusedAtTheStart) {
  DiffusionConfig config = sound();
  config.preview.cfg = 1.5;
  config.model.num_classes = -1;
  EXPECT_THROW_WITH(doubts_when(config), UsageError, "preview.cfg: 1.5 needs a model of classes or of text");
  config.train.sample_interval = 0;
  EXPECT_NO_THROW(doubts_when(config));
}

TEST(DiffusionDoubts, LabelsThatAreAlwaysDropped) {
  DiffusionConfig config = sound();
  config.diffusion.p_uncond = 1;
  EXPECT_EQ(doubts_when(config),
            std::vector<std::string>{
                "diffusion.p_uncond: 1 drops every label and caption, so that none is ever learnt"});
}

}  // namespace
}  // namespace uvic

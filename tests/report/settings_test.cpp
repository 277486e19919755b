// config.yaml of runs, of this version and of others.
#include "report/settings.h"

#include <gtest/gtest.h>

#include "support/support.h"
#include "tasks/diffusion/config.h"
#include "tasks/language/config.h"

namespace uvic {
namespace {

Settings settings_of(const std::string& yaml) {
  const testing::TemporaryDirectory directory;
  testing::write_bytes(directory / "config.yaml", yaml);
  return read_settings(directory / "config.yaml");
}

TEST(Settings, NothingDiffersWhereAllIsAsItWas) {
  for (const std::string& yaml : {DiffusionConfig().to_yaml(), LanguageConfig().to_yaml()}) {
    const Settings settings = settings_of(yaml);
    EXPECT_GT(settings.size(), 30);
    for (const Setting& setting : settings)
      EXPECT_FALSE(setting.differs()) << setting.key << " " << setting.value;
  }
}

TEST(Settings, SaysWhatDiffersFromTheDefaults) {
  DiffusionConfig config;
  config.train.ema = {0.9, 0.99};
  config.data.path = "my: photos";
  std::vector<std::string> keys;
  for (const Setting& setting : settings_of(config.to_yaml())) {
    if (setting.differs()) keys.push_back(setting.key + " " + setting.value + " " + setting.standard);
  }
  ASSERT_EQ(keys.size(), 2);
  EXPECT_EQ(keys[0].substr(0, 9), "data.path");
  EXPECT_EQ(keys[1], "train.ema [0.9, 0.99] [0.9999]");
}

TEST(Settings, AKeyOfAnotherVersionIsShownAsOne) {
  const Settings settings = settings_of("train:\n  steps: 500000\n  warp: 9\nsails:\n  main: up\n");
  ASSERT_EQ(settings.size(), 3);
  EXPECT_FALSE(settings[0].differs());
  EXPECT_FALSE(settings[1].known);
  EXPECT_EQ(setting(settings, "sails.main"), "up");
  EXPECT_EQ(setting(settings, "sails.jib"), "");
}

TEST(Settings, DifferencesAreOfKeysThatAnyHas) {
  const Settings a = settings_of("train:\n  steps: 5\n  seed: 1\n"),
                 b = settings_of("train:\n  steps: 6\n  seed: 1\n"),
                 c = settings_of("train:\n  steps: 5\n  seed: 1\n  keep: 2\n");
  const auto differences = differences_of({&a, &b, &c});
  ASSERT_EQ(differences.size(), 2);
  EXPECT_EQ(differences[0].key, "train.steps");
  EXPECT_EQ(differences[0].values, (std::vector<std::string>{"5", "6", "5"}));
  EXPECT_EQ(differences[1].values, (std::vector<std::string>{"-", "-", "2"}));
  EXPECT_TRUE(differences_of({&a, &a}).empty());
}

}  // namespace
}  // namespace uvic

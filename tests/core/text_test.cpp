#include "core/text.h"

#include <gtest/gtest.h>

#include "core/progress.h"

namespace uvic {
namespace {

TEST(Text, Join) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a"}, ", "), "a");
  EXPECT_EQ(join({"a", "", "b"}, ", "), "a, , b");
}

TEST(Text, NearestIsALikelySlip) {
  const std::vector<std::string> names = {"heun", "ddim", "dpmpp_2m", "dpmpp_2m_sde"};
  EXPECT_EQ(nearest("ddmi", names), "ddim");
  EXPECT_EQ(nearest("dpmpp2m", names), "dpmpp_2m");
  EXPECT_EQ(nearest("dpmpp_2m_sd", names), "dpmpp_2m_sde");
  EXPECT_EQ(nearest("heun", names), "heun");
  EXPECT_EQ(nearest("something else", names), "");
  EXPECT_EQ(nearest("", names), "");
  EXPECT_EQ(nearest("heun", {}), "");
}

TEST(Text, NearestLooksAtWhatDiffersAndAtWhatContainsTheWord) {
  const std::vector<std::string> keys = {"model.skip", "model.img_size", "model.patch_size",
                                         "train.val_interval", "sample.batch_size"};
  EXPECT_EQ(nearest("model.size", keys), "model.img_size");
  EXPECT_EQ(nearest("model.patch", keys), "model.patch_size");
  EXPECT_EQ(nearest("model.image_size", keys), "model.img_size");
  EXPECT_EQ(nearest("model.IMG-SIZE", keys), "model.img_size");
  EXPECT_EQ(nearest("train.save_interval", keys), "");
  EXPECT_EQ(nearest("train.vla_interval", keys), "train.val_interval");
  EXPECT_EQ(nearest("model.ski", keys), "model.skip");
  EXPECT_EQ(nearest("zz", {"ab", "cd"}), "");
}

TEST(Text, UnknownValueNamesTheNearest) {
  EXPECT_EQ(unknown_value("softmx", {"softmax", "cog"}), "unknown value 'softmx' (did you mean 'softmax'?)");
  EXPECT_EQ(unknown_value("zzzzz", {"softmax", "cog"}), "unknown value 'zzzzz'");
}

TEST(Text, CountOf) {
  EXPECT_EQ(count_of(0, "image"), "0 images");
  EXPECT_EQ(count_of(1, "image"), "1 image");
  EXPECT_EQ(count_of(20, "image"), "20 images");
}

TEST(Text, FormatCount) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(7), "7");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1.00 k");
  EXPECT_EQ(format_count(3200), "3.20 k");
  EXPECT_EQ(format_count(9996), "10.0 k");
  EXPECT_EQ(format_count(99960), "100 k");
  EXPECT_EQ(format_count(999400), "999 k");
  EXPECT_EQ(format_count(999999), "1.00 M");
  EXPECT_EQ(format_count(1.07e6), "1.07 M");
  EXPECT_EQ(format_count(44.3e6), "44.3 M");
  EXPECT_EQ(format_count(501e6), "501 M");
  EXPECT_EQ(format_count(2.5e18), "2500 P");
}

TEST(Text, FormatBytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.00 KiB");
  EXPECT_EQ(format_bytes(12.3 * 1024 * 1024), "12.3 MiB");
  EXPECT_EQ(format_bytes(1.2 * 1024 * 1024 * 1024), "1.20 GiB");
}

TEST(Progress, FormatDuration) {
  EXPECT_EQ(format_duration(-1), "0:00");
  EXPECT_EQ(format_duration(0), "0:00");
  EXPECT_EQ(format_duration(9.4), "0:09");
  EXPECT_EQ(format_duration(59.6), "1:00");
  EXPECT_EQ(format_duration(65), "1:05");
  EXPECT_EQ(format_duration(3599), "59:59");
  EXPECT_EQ(format_duration(2 * 3600 + 3 * 60 + 4), "2:03:04");
  EXPECT_EQ(format_duration(86400), "1d 00:00:00");
  EXPECT_EQ(format_duration(3 * 86400 + 4 * 3600 + 5 * 60 + 6), "3d 04:05:06");
}

}  // namespace
}  // namespace uvic

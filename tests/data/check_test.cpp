// What `uvic-data check` finds in a set.
#include "data/check/check.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "support/archive_files.h"
#include "support/idx_files.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace testing;
namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

class CheckSet : public ::testing::Test {
 protected:
  CheckSet() {
    options_.data.kind = "folder";
    options_.data.path = (folder_ / "set").string();
  }
  void image(const std::string& name, const cv::Mat& pixels) const {
    write_image(folder_ / "set" / name, pixels);
  }
  void plain(const std::string& name, int salt, int height = 20, int width = 24) const {
    image(name, picture(height, width, salt));
  }
  void text(const std::string& name, const std::string& bytes) const {
    fs::create_directories((folder_ / "set" / name).parent_path());
    write_bytes(folder_ / "set" / name, bytes);
  }
  CheckReport check() const {
    return check_set(options_, [](int64_t done, int64_t total) { EXPECT_LE(done, total); });
  }
  static const CheckFinding* find(const CheckReport& report, const std::string& key) {
    const auto found = std::find_if(report.findings.begin(), report.findings.end(),
                                    [&](const CheckFinding& finding) { return finding.key == key; });
    return found == report.findings.end() ? nullptr : &*found;
  }
  static std::string fact(const CheckReport& report, const std::string& name) {
    for (const auto& [known, value] : report.facts) {
      if (known == name) return value;
    }
    return "";
  }
  static void expect(const CheckReport& report, const std::string& key, const std::string& what,
                     const Texts& items) {
    const CheckFinding* finding = find(report, key);
    ASSERT_NE(finding, nullptr) << key << "\n" << to_text(report, 9);
    EXPECT_EQ(finding->what, what);
    EXPECT_EQ(finding->items, items);
  }

  TemporaryDirectory folder_;
  CheckOptions options_;
};

TEST_F(CheckSet, NothingInAGoodOne) {
  for (int i = 0; i < 4; ++i) plain((i % 2 == 0 ? "a/" : "b/") + std::to_string(i) + ".png", i);
  options_.image_size = 16;
  const auto report = check();
  EXPECT_EQ(to_text(report, 5), c10::str(options_.data.path,
                                         ": folder\n"
                                         "  images   4\n"
                                         "  classes  2 from class folders, of 2 images\n"
                                         "  formats  PNG 4\n"
                                         "  sizes    24 x 20\n"
                                         "\nnothing to mend\n"));
}

TEST_F(CheckSet, WhatCannotBeDecoded) {
  plain("a.png", 1);
  text("empty.png", "");
  plain("cut.jpg", 3, 60, 60);
  const std::string bytes = read_bytes(folder_ / "set/cut.jpg");
  text("cut.jpg", bytes.substr(0, bytes.size() / 2));
  const auto report = check();
  const CheckFinding* finding = find(report, "unreadable");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->what, "2 images cannot be read");
  ASSERT_EQ(finding->items.size(), 2U);
  EXPECT_EQ(finding->items[0].substr(0, 9), "cut.jpg: ");
  EXPECT_EQ(finding->items[1], "empty.png: the file is empty");
  EXPECT_NE(finding->training.find("data.on_error: skip leaves them out"), std::string::npos);
}

TEST_F(CheckSet, SizesAndColours) {
  for (int i = 0; i < 5; ++i) plain(std::to_string(i) + ".png", i);
  plain("huge.png", 6, 100, 90);
  plain("long.png", 7, 10, 40);
  image("grey.png", cv::Mat(20, 24, CV_8UC1, cv::Scalar(77)));
  cv::Mat alpha(20, 24, CV_8UC4, cv::Scalar(1, 2, 3, 255));
  image("opaque.png", alpha);
  alpha.at<cv::Vec4b>(3, 4)[3] = 128;
  image("alpha.png", alpha);
  options_.image_size = 16;
  const auto report = check();
  expect(report, "odd_sizes", "1 image is of a size far from the others' (the median is 24 x 20)",
         {"huge.png: 90 x 100"});
  expect(report, "elongated", "1 image is more than three times as long as wide", {"long.png: 40 x 10"});
  expect(report, "small", "1 image is smaller than 16 x 16", {"long.png: 40 x 10"});
  expect(report, "grey", "1 image is grey, the others are not", {"grey.png"});
  expect(report, "transparent", "1 image is transparent in places", {"alpha.png"});
  EXPECT_EQ(fact(report, "sizes"), "from 40 x 10 to 90 x 100, the median 24 x 20, 3 sizes");
}

TEST_F(CheckSet, DuplicatesOfWhateverFormat) {
  plain("a/1.png", 1);
  plain("a/2.png", 2);
  plain("b/1.bmp", 1);
  plain("b/2.png", 3);
  plain("b/3.png", 3);
  const auto report = check();
  expect(report, "duplicates", "2 images are of the same pixels as others, in 2 groups",
         {"a/1.png = b/1.bmp", "b/2.png = b/3.png"});
  expect(report, "contradictory_duplicates", "1 group is of equal images of different classes",
         {"a/1.png = b/1.bmp"});
}

TEST_F(CheckSet, AGroupOfManyCopiesIsALine) {
  for (int i = 0; i < 40; ++i) plain("image-" + std::to_string(i) + ".png", 1);
  const auto report = check();
  EXPECT_EQ(std::ranges::count(find(report, "duplicates")->items[0], '='), 39);
  EXPECT_NE(to_text(report, 5).find(" ...\n"), std::string::npos) << to_text(report, 5);
}

TEST_F(CheckSet, ClassesThatAreUneven) {
  for (int i = 0; i < 21; ++i) {
    plain("a/" + std::to_string(i) + ".png", i);
    plain("b/" + std::to_string(i) + ".png", 100 + i);
  }
  plain("c/0.png", 300);
  fs::create_directories(folder_ / "set/d");
  const auto report = check();
  expect(report, "uneven_classes",
         "1 class has less than a tenth of the images that others have (the median is 21)",
         {"c: 1 image, 2.3 %"});
  expect(report, "warning", "class folder d holds no images: left out", {});
  EXPECT_EQ(fact(report, "classes"), "3 from class folders, of 1 to 21 images");
}

TEST_F(CheckSet, CaptionsThatDoNotFit) {
  for (const char* name : {"a", "b", "c"}) plain(std::string(name) + ".png", name[0]);
  const std::string first = "{\"file_name\": \"a.png\", \"text\": [\"x\", \"\"]}\n";
  text("metadata.jsonl", first + "{\"file_name\": \"z.png\", \"text\": \"y\"}\n");
  const auto report = check();
  expect(report, "captions_without_images", "1 caption without an image",
         {(folder_ / "set/metadata.jsonl").string() + ":2: z.png"});
  expect(report, "images_without_captions", "2 images without a caption", {"b.png", "c.png"});
  expect(report, "empty_captions", "1 caption is empty", {"a.png"});
  EXPECT_EQ(fact(report, "captions"), "3 from metadata.jsonl, 1.0 an image");
  text("metadata.jsonl", first + "{");
  const auto broken = check();
  ASSERT_NE(find(broken, "captions"), nullptr);
  EXPECT_NE(find(broken, "captions")->what.find("not valid JSON, line 2, column 2"), std::string::npos);
}

TEST_F(CheckSet, LabelsThatDoNotFit) {
  plain("a.png", 1);
  text("labels.csv", "b.png,1\n");
  const auto report = check();
  expect(report, "labels", (folder_ / "set/labels.csv").string() + ":1: b.png: there is no such image", {});
  EXPECT_EQ(fact(report, "classes"), "none (their labels cannot be read)");
}

TEST_F(CheckSet, OfArchivesAndOfSetsInMemory) {
  write_tar(folder_ / "set.tar",
            {{"0.png", "x"}, {"0.txt", "a"}, {"1.txt", "b"}, {"1.png", ""}, {"2.txt", "c"}});
  options_.data.kind = "webdataset";
  options_.data.path = (folder_ / "set.tar").string();
  auto report = check();
  EXPECT_EQ(report.kind, "tar");
  EXPECT_EQ(find(report, "unreadable")->items.size(), 2U);
  expect(report, "captions_without_images", "1 caption without an image",
         {options_.data.path + ": 2.txt: 2"});
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_EQ(json["images"], 2);
  EXPECT_EQ(json["facts"]["captions"], "2 from the tars, 1.0 an image");
  EXPECT_EQ(json["findings"].size(), report.findings.size());
  EXPECT_EQ(to_text(report, 1).find("1.png: the file is empty"), std::string::npos);
  EXPECT_NE(to_text(report, 1).find("and 1 more"), std::string::npos);

  write_set(folder_.path(), 20, 8, 6, 10);
  options_.data.kind = "idx";
  options_.data.path = folder_.path().string();
  report = check();
  EXPECT_EQ(report.images, 20);
  EXPECT_EQ(fact(report, "classes"), "10, of 2 images");
  EXPECT_TRUE(report.findings.empty()) << to_text(report, 9);

  options_.data.path = "/nowhere";
  EXPECT_THROW_WITH(check(), UsageError, "/nowhere: no such folder");
}

}  // namespace
}  // namespace uvic

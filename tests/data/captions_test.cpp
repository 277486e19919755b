// Captions of folders: where they are found, what they are, what is refused.
#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/folder.h"
#include "data/open.h"
#include "support/archive_files.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace testing;
namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

class FolderCaptions : public ::testing::Test {
 protected:
  FolderCaptions() { options_.kind = "folder"; }
  fs::path root() const { return folder_ / "set"; }
  void image(const std::string& name, int salt = 0) const { write_image(root() / name, picture(8, 8, salt)); }
  void text(const std::string& name, const std::string& bytes) const {
    fs::create_directories((root() / name).parent_path());
    write_bytes(root() / name, bytes);
  }
  std::shared_ptr<const Dataset> open() const {
    DataOptions options = options_;
    options.path = root().string();
    return open_data(options, {3, 8, 8}).train;
  }
  std::string said() const {
    ::testing::internal::CaptureStderr();
    open();
    return ::testing::internal::GetCapturedStderr();
  }
  Texts captions(int64_t image) const {
    const auto set = open();
    Texts texts;
    for (int64_t i = 0; i < set->captions()->count(image); ++i)
      texts.push_back(set->captions()->text(image, i));
    return texts;
  }
  void refuse(const std::string& message) const { EXPECT_THROW_WITH(open(), UsageError, message); }

  TemporaryDirectory folder_;
  DataOptions options_;
};

TEST_F(FolderCaptions, NoneOfAFolderOfPlainImages) {
  image("a.png");
  text("readme.txt", "not a caption");
  EXPECT_EQ(open()->captions(), nullptr);
  EXPECT_EQ(open()->describe().find("caption"), std::string::npos);
  EXPECT_NE(said().find("passed over files that are no images: 1 txt"), std::string::npos);
}

TEST_F(FolderCaptions, FromMetadata) {
  image("a.png");
  image("x/b.png");
  text("metadata.jsonl",
       "{\"file_name\": \"./x/b.png\", \"text\": [\" a dog \", \"\\u00e9t\\u00e9\"]}\r\n\r\n"
       "{\"file_name\": \"a.png\", \"caption\": \"a cat\", \"size\": 3}\n"
       "{\"file_name\": \"a.png\", \"prompt\": \"the cat\"}\n");
  EXPECT_EQ(captions(0), (Texts{"a cat", "the cat"}));
  EXPECT_EQ(captions(1), (Texts{"a dog", "\xC3\xA9t\xC3\xA9"}));
  EXPECT_NE(open()->describe().find(", captions from metadata.jsonl, 2.0 an image, folder "),
            std::string::npos)
      << open()->describe();
  EXPECT_EQ(said().find("jsonl"), std::string::npos);  // passes over nothing
  options_.captions = "none";
  EXPECT_EQ(open()->captions(), nullptr);
}

TEST_F(FolderCaptions, NamesMatchInAnyUnicodeForm) {
  image("e\xCC\x81.png");
  text("metadata.jsonl", "{\"file_name\": \"\xC3\xA9.png\", \"text\": \"x\"}\n");
  EXPECT_EQ(captions(0), Texts{"x"});
}

TEST_F(FolderCaptions, WhatMetadataMissesIsNamed) {
  image("a.JPG");
  const std::string file = (root() / "metadata.jsonl").string();
  const auto metadata = [&](const std::string& bytes, const std::string& message) {
    text("metadata.jsonl", bytes);
    refuse(message);
  };
  metadata(
      "{\"file_name\": \"a.jpg\", \"text\": \"x\"}\n{\"file_name\": \"b.jpg\", \"text\": \"x\"}",
      file +
          ":1: a.jpg: there is no such image; there is a.JPG; data.captions: none trains without captions "
          "(and 1 more captions without an image)");
  metadata("{\"file_name\": \"a.JPG\", \"text\": \"x\"}\n{\"file_name\": \"a.JPG\", \"text\": \"y\",}\n",
           file + ": not valid JSON, line 2, column 36: ");
  metadata("{\"file_name\": \"a.JPG\", \"label\": 3}\n", file + ":1: has no caption: no \"text\"");
  metadata("{\"file_name\": \"a.JPG\", \"text\": 3}\n",
           file + ":1: a caption must be a text; it is the number 3");
  metadata("{\"text\": \"x\"}\n", file + ":1: has no \"file_name\"");
  metadata("[1]\n", file + ":1: must be an object a line");
  metadata("{\"file_name\": \"a.JPG\", \"text\": \"\xE9t\xE9\"}\n",
           file + ": not valid JSON, line 1, column 34: ");
  metadata("\n", file + ": has no captions");
  image("b.png");
  image("c.png");
  metadata(
      "{\"file_name\": \"a.JPG\", \"text\": \"x\"}\n",
      file + ": has no caption for b.png and 1 other image; data.captions: none trains without captions");
}

TEST_F(FolderCaptions, EmptyOnesAreTheNullCondition) {
  image("a.png");
  image("b.png");
  text("metadata.jsonl",
       "{\"file_name\": \"a.png\", \"text\": \" \"}\n{\"file_name\": \"b.png\", \"text\": \"x\"}\n");
  EXPECT_NE(
      said().find("metadata.jsonl: 1 of 2 captions is empty: such images are shown without a condition"),
      std::string::npos);
  EXPECT_EQ(captions(0), Texts{""});
}

TEST_F(FolderCaptions, BesideMostImages) {
  image("a/1.png");
  image("a/2.jpg");
  image("b/3.png");
  text("a/1.txt", "\xEF\xBB\xBFone\r\n\n  uno \n");
  EXPECT_EQ(open()->captions(), nullptr);  // of one in three: something else
  text("a/2.txt", "two\n");
  refuse(root().string() + ": has no caption for b/3.png: no .txt beside it");
  text("b/3.txt", "three");
  text("readme.txt", "notes");
  EXPECT_EQ(captions(0), (Texts{"one", "uno"}));
  EXPECT_EQ(captions(2), Texts{"three"});
  EXPECT_EQ(open()->num_classes(), 2);  // sub-folders count as ever
  const std::string lines = said();
  EXPECT_NE(lines.find("passed over files that are no images: 1 txt"), std::string::npos) << lines;
  text("b/3.txt", "good\nb\xE9\n");
  refuse((root() / "b/3.txt").string() + ": is not UTF-8: byte 0xE9 at offset 6, line 2");
}

TEST_F(FolderCaptions, BesideWhereAskedFor) {
  options_.captions = "beside";
  image("a.png");
  text("metadata.jsonl", "{}");
  refuse(root().string() + ": has no caption for a.png: no .txt beside it");
  text("a.txt", "x");
  EXPECT_EQ(captions(0), Texts{"x"});
}

const std::string kCoco =
    "{\"images\": [{\"id\": 7, \"file_name\": \"a.png\"}, {\"id\": 9, \"file_name\": \"b.png\"}],\n"
    " \"annotations\": [{\"image_id\": 9, \"id\": 1, \"caption\": \"A dog.\\n\"},\n"
    "  {\"image_id\": 7, \"id\": 2, \"caption\": \"A cat.\"}, {\"image_id\": 9, \"caption\": \"Dogs.\"}]}\n";

TEST_F(FolderCaptions, FromCoco) {
  image("a.png");
  image("b.png");
  text("captions_set.json", kCoco);
  EXPECT_EQ(captions(0), Texts{"A cat."});
  EXPECT_EQ(captions(1), (Texts{"A dog.", "Dogs."}));
  EXPECT_NE(open()->describe().find("captions from captions_set.json, 1.5 an image"), std::string::npos);
  text("captions_other.json", kCoco);
  refuse("holds several files of captions (captions_other.json, captions_set.json)");
  options_.captions = (root() / "captions_set.json").string();
  EXPECT_EQ(captions(0), Texts{"A cat."});
}

TEST_F(FolderCaptions, CocoThatIsNoneIsRefused) {
  image("a.png");
  const std::string file = (root() / "captions_x.json").string();
  const auto coco = [&](const std::string& bytes, const std::string& message) {
    text("captions_x.json", bytes);
    refuse(file + message);
  };
  coco("{\"images\": [],\n \"annotations\": [],\n}", ": not valid JSON, line 3, column 1: ");
  coco("{\"images\": []}", ": must be COCO's captions");
  coco(
      "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\"}], \"annotations\": [{\"image_id\": 1, \"bbox\": "
      "[]}]}",
      ": annotations[0]: has no \"caption\"; captions are in captions_*.json");
  coco(
      "{\"images\": [{\"id\": 1, \"file_name\": \"a.png\"}], \"annotations\": [{\"image_id\": 2, "
      "\"caption\": "
      "\"x\"}]}",
      ": annotations[0]: the image_id 2 is the id of none of the images");
  coco(kCoco, ": annotations[0]: b.png: there is no such image");
}

// ROOT/train2017, ROOT/annotations: by the root or by the folder of the images.
TEST_F(FolderCaptions, OfCocosLayout) {
  image("train2017/a.png");
  image("train2017/b.png");
  image("val2017/c.png");
  text("annotations/captions_train2017.json", kCoco);
  text("annotations/captions_val2017.json",
       "{\"images\": [{\"id\": 1, \"file_name\": \"c.png\"}], \"annotations\": [{\"image_id\": 1, "
       "\"caption\": "
       "\"C\"}]}");
  const auto check = [](const DataSets& data) {
    EXPECT_EQ(data.train->captions()->text(1, 1), "Dogs.");
    EXPECT_EQ(data.validation->captions()->text(0, 0), "C");
    EXPECT_EQ(data.train->num_classes(), 0);
  };
  options_.path = (root() / "train2017/").string();
  options_.val_path = (root() / "val2017").string();
  check(open_data(options_, {3, 8, 8}));
  options_.captions = (root() / "annotations/captions_train2017.json").string();
  check(open_data(options_, {3, 8, 8}));  // of data.path alone
  options_.captions = "auto";
  options_.kind = "coco";
  check(open_data(options_, {3, 8, 8}));
  options_.path = options_.val_path = root().string();
  check(open_data(options_, {3, 8, 8}));
  image("train2014/x.png");
  text("annotations/captions_train2014.json", kCoco);
  EXPECT_THROW_WITH(open_data(options_, {3, 8, 8}), UsageError,
                    root().string() + ": holds train2014 and train2017; data.path says which: ");
  options_.path = (root() / "val2017/..").string() + "/annotations";
  EXPECT_THROW_WITH(open_data(options_, {3, 8, 8}), UsageError, "no images here or below");
}

TEST_F(FolderCaptions, BelongToTheIdentity) {
  image("a.png");
  const auto before = open()->identity();
  text("metadata.jsonl", "{\"file_name\": \"a.png\", \"text\": \"x\"}\n");
  const auto first = open()->identity();
  text("metadata.jsonl", "{\"file_name\": \"a.png\", \"text\": \"y\"}\n");
  const auto second = open()->identity();
  EXPECT_EQ(differences(first, second), Texts{"other captions"});
  EXPECT_EQ(differences(before, second), Texts{});  // nobody trained on what was not there
  EXPECT_EQ(differences(second, second), Texts{});
}

TEST_F(FolderCaptions, OfImagesThatAreLeftOutGoWithThem) {
  for (const char* name : {"a", "b", "c"}) {
    image(std::string(name) + ".png");
    text(std::string(name) + ".txt", name);
  }
  text("b.png", "damaged");
  options_.on_error = "skip";
  EXPECT_EQ(open()->size(), 2);
  EXPECT_EQ(captions(1), Texts{"c"});
  options_.val_fraction = 0.5;
  EXPECT_EQ(captions(0).size(), 1U);  // through split
}

TEST_F(FolderCaptions, ThatNobodyReadsAreNotLookedAt) {
  image("a.png");
  text("metadata.jsonl", "{");
  options_.path = root().string();
  EXPECT_EQ(open_data(options_, {3, 8, 8}, {}, true, /*with_captions=*/false).train->captions(), nullptr);
  options_.captions = "beside";
  options_.kind = "idx";
  EXPECT_THROW_WITH(options_.validate(), UsageError, "data.captions: beside: data.kind: idx has no files");
  options_.kind = "folder";
  options_.captions = "a.csv";
  EXPECT_THROW_WITH(open_data(options_, {3, 8, 8}), UsageError, "a.csv: cannot read this file");
  text("a.csv", "x");
  options_.captions = (root() / "a.csv").string();
  EXPECT_THROW_WITH(open_data(options_, {3, 8, 8}), UsageError, "a.csv: captions are read from .jsonl");
}

}  // namespace
}  // namespace uvic

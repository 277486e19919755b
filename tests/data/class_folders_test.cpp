// Folders as classes: their order, and what is likely a mistake.
#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/listing.h"
#include "data/open.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace uvic::testing;
namespace fs = std::filesystem;
using Names = std::vector<std::string>;

class ClassFolders : public ::testing::Test {
 protected:
  void image(const std::string& name) const { write_image(folder_ / name, picture(8, 8)); }
  ImageListing list() const { return list_images(*open_folder_source(folder_.path())); }
  /// Of the listing: the one warning that holds `text`.
  void expect_warning(const std::string& text) const {
    const auto warnings = list().warnings;
    ASSERT_EQ(warnings.size(), 1U);
    EXPECT_NE(warnings[0].find(text), std::string::npos) << warnings[0];
  }
  TemporaryDirectory folder_;
};

TEST_F(ClassFolders, AreNumberedInNaturalOrder) {
  for (const char* name : {"class10", "class2", "class1"}) image(std::string(name) + "/a.png");
  EXPECT_EQ(list().class_names, (Names{"class1", "class2", "class10"}));
  EXPECT_EQ(list().files, (Names{"class1/a.png", "class10/a.png", "class2/a.png"}));
  EXPECT_EQ(list().labels, (std::vector<int64_t>{0, 2, 1}));
  EXPECT_TRUE(list().warnings.empty());
}

TEST_F(ClassFolders, OfBothUnicodeFormsAreOne) {
  image("e\xCC\x81te\xCC\x81/a.png");
  image("\xC3\xA9t\xC3\xA9/b.png");
  image("hiver/c.png");
  EXPECT_EQ(list().class_names, (Names{"hiver", "\xC3\xA9t\xC3\xA9"}));
  EXPECT_EQ(list().labels, (std::vector<int64_t>{1, 0, 1}));
}

TEST_F(ClassFolders, WithoutImagesAreLeftOutWithAWarning) {
  image("a/0.png");
  image("c/0.png");
  fs::create_directories(folder_ / "b");
  write_bytes(folder_ / "b/Thumbs.db", "x");
  EXPECT_EQ(list().class_names, (Names{"a", "c"}));
  expect_warning(
      "class folder b holds no images: left out, and the classes behind are numbered without it (c is 1)");
  fs::create_directories(folder_ / "d/deep");
  expect_warning(
      "class folders b, d hold no images: left out, and the classes behind are numbered without them (c is "
      "1)");
  fs::remove_all(folder_ / "b");
  expect_warning("class folder d holds no images: left out");
  fs::create_directories(folder_ / "d/.hidden");
  image("0.png");  // no classes at all
  EXPECT_TRUE(list().warnings.empty());
}

TEST_F(ClassFolders, ThatArePartsOfASetAreWarnedOf) {
  image("val/cats/0.png");
  image("train/cats/0.png");
  image("train/dogs/0.png");
  expect_warning("its class folders are called train, val, with folders of images below; " +
                 (folder_ / "train").string() + " was probably meant");
  image("birds/0.png");  // classes with others that are none
  expect_warning("with folders of images below");
}

TEST_F(ClassFolders, ThatArePartsWithoutClassesAreWarnedOf) {
  image("test/0.png");
  image("Train/0.png");
  expect_warning("its class folders are called Train, test; " + (folder_ / "Train").string());
}

TEST_F(ClassFolders, OneFolderAboveTheClassesIsWarnedOf) {
  image("birds/0.png");
  EXPECT_TRUE(list().warnings.empty());
  image("birds/owls/0.png");
  expect_warning((folder_ / "birds").string() + " was probably meant");
  image("test/0.png");  // a class may be called so
  EXPECT_TRUE(list().warnings.empty());
}

/// What data.val_path in `folder` gives, trained on `folder`/train.
class HeldOut : public ClassFolders {
 protected:
  std::shared_ptr<const Dataset> open(bool with_classes = true) const {
    DataOptions options;
    options.kind = "folder";
    options.path = (folder_ / "train").string();
    options.val_path = (folder_ / "val").string();
    return open_data(options, {3, 8, 8}, {}, with_classes).validation;
  }
  void text(const std::string& name, const std::string& bytes) const { write_bytes(folder_ / name, bytes); }
  void refuse(const std::string& message) const { EXPECT_THROW_WITH(open(), UsageError, message); }
};

TEST_F(HeldOut, ClassesHaveTheNumbersOfTraining) {
  for (const char* name : {"a", "b", "c"}) image(std::string("train/") + name + "/0.png");
  image("val/c/0.png");
  image("val/a/0.png");
  const auto set = open();
  EXPECT_EQ(set->label(0), 0);
  EXPECT_EQ(set->label(1), 2);
  EXPECT_EQ(set->num_classes(), 3);
  EXPECT_EQ(set->class_names(), (Names{"a", "b", "c"}));
  EXPECT_EQ(images_per_class(*set), (std::vector<int64_t>{1, 0, 1}));
  image("val/cc/0.png");
  refuse("the training images have no class cc (did you mean 'c'?); they have a, b, c");
  EXPECT_EQ(open(/*with_classes=*/false)->size(), 3);  // nobody asks
}

TEST_F(HeldOut, LabelFilesAreReadByNameToo) {
  for (const char* name : {"ants", "bees"}) image(std::string("train/") + name + "/0.png");
  image("val/x.png");
  text("val/labels.csv", "file,label\nx.png,bees\n");
  EXPECT_EQ(open()->label(0), 1);
  text("val/labels.csv", "file,label\nx.png,1\n");
  EXPECT_EQ(open()->label(0), 1);
}

TEST_F(HeldOut, FoldersCalledByNumbersMeetNumbers) {
  for (const char* name : {"1", "2", "10"}) image(std::string("train/") + name + "/0.png");
  image("val/x.png");
  text("val/labels.csv", "x.png,10\n");  // a name, as every label is one
  EXPECT_EQ(open()->label(0), 2);
  text("val/labels.csv", "x.png,0\n");  // a number
  EXPECT_EQ(open()->label(0), 0);
}

TEST_F(HeldOut, NamesAgainstNumbersAreRefused) {
  image("train/x.png");
  image("train/y.png");
  text("train/labels.csv", "x.png,0\ny.png,7\n");
  image("val/7/0.png");
  EXPECT_EQ(open()->label(0), 7);
  image("val/cats/0.png");
  refuse("its classes have names (7, cats), those of the training images are numbers");
}

}  // namespace
}  // namespace uvic

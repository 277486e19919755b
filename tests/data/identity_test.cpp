#include "data/identity.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/cache.h"
#include "data/open.h"
#include "data/split.h"
#include "support/cifar_files.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace testing;
namespace fs = std::filesystem;
using Clauses = std::vector<std::string>;

DataIdentity named(const std::vector<std::string>& names, int64_t images = 10) {
  return {images, {3, 8, 8}, int64_t(names.size()), names, "00"};
}

TEST(DataIdentity, ReadsBackWhatItWrites) {
  const DataIdentity identity = named({"cats", "d\"ogs\n", "\xe7\x8c\xab"});
  EXPECT_EQ(identity_from_json(to_json(identity), "x"), identity);
  EXPECT_EQ(to_json(identity).find('\n'), std::string::npos);
  EXPECT_THROW_WITH(identity_from_json("{}", "a.safetensors"), UsageError,
                    "a.safetensors: does not say what the data are");
  EXPECT_THROW_WITH(identity_from_json("{", "x"), UsageError, "x: does not say what the data are");
}

TEST(DataIdentity, HoldsWhatIsHeldOutBesideIt) {
  DataIdentity identity = named({"cats"}), held_out = named({"cats"}, 3);
  identity.class_counts = {10};
  identity.parts = {{"labels", "ab"}};
  const std::string text = to_json(identity, held_out);
  EXPECT_EQ(identity_from_json(text, "x"), identity);
  EXPECT_EQ(held_out_from_json(text, "x"), held_out);
  EXPECT_EQ(held_out_from_json(to_json(identity), "x"), std::nullopt);
}

TEST(DataIdentity, ReadsRecordsOfBeforeCountsAndParts) {
  const std::string old =
      R"({"images":10,"shape":[3,8,8],"classes":2,"class_names":["1","10","2"],"sha256":"00"})";
  EXPECT_EQ(identity_from_json(old, "x").class_names.size(), 3U);
  const DataIdentity now = named({"1", "2", "10"});
  const auto clauses = differences(identity_from_json(old, "x"), now);
  ASSERT_GE(clauses.size(), 3U);
  EXPECT_EQ(clauses[1],
            "the same classes in another order (names are numbered in natural order: 2 before 10)");
  EXPECT_EQ(clauses[2], "class 1 was '10', now '2'");
}

TEST(DataIdentity, DifferencesAreClauses) {
  const DataIdentity then = named({"ants", "cats", "dogs"});
  EXPECT_EQ(differences(then, then), Clauses{});
  EXPECT_EQ(differences(then, named({"ants", "cats", "dogs"}, 9)), Clauses{"10 images then, 9 now"});
  EXPECT_EQ(differences(then, named({"ants", "bees", "dogs"})), Clauses{"class 1 was 'cats', now 'bees'"});
  EXPECT_EQ(differences(then, named({"ants", "cats", "dogs", "eels"})),
            (Clauses{"3 classes then, 4 now", "class 'eels' is new"}));
  EXPECT_EQ(differences(then, named({"ants", "bees", "cats", "dogs"})),
            (Clauses{"3 classes then, 4 now", "class 1 was 'cats', now 'bees'",
                     "class 2 was 'dogs', now 'cats'", "class 'bees' is new"}));
  EXPECT_EQ(differences(then, named({"ants", "cats"})),
            (Clauses{"3 classes then, 2 now", "class 'dogs' is gone"}));
  EXPECT_EQ(differences(then, named({})),
            (Clauses{"3 classes then, 0 now", "classes had names, now they are numbers"}));
  DataIdentity other = then;
  other.sha256 = "01";
  EXPECT_EQ(differences(then, other),
            Clauses{"the same counts and classes, but other files, labels or pixels"});
  other = then;
  other.shape = {1, 8, 9};
  EXPECT_EQ(differences(then, other), Clauses{"images of 3x8x8 then, 1x8x9 now"});
}

TEST(DataIdentity, AThousandRenumberedClassesAreNotAllListed) {
  std::vector<std::string> names;
  for (int i = 100; i < 1100; ++i) names.push_back("class" + std::to_string(i));
  const DataIdentity then = named(names);
  names.insert(names.begin(), "a");
  const Clauses clauses = differences(then, named(names));
  EXPECT_EQ(clauses.size(), 7U);
  EXPECT_EQ(clauses[5], "and 996 more of these");
  EXPECT_EQ(clauses[6], "class 'a' is new");
}

class FolderIdentity : public ::testing::Test {
 protected:
  FolderIdentity() {
    image("cats/a.png", 20);
    image("dogs/b.png", 24);
  }
  void image(const std::string& name, int side) const {
    write_image(folder_ / "set" / name, picture(side, side));
  }
  std::shared_ptr<const Dataset> open(const std::string& where = "set") const {
    DataOptions options;
    options.kind = "folder";
    options.path = (folder_ / where).string();
    return open_data(options, {3, 8, 8}).train;  // behind a cache
  }
  TemporaryDirectory folder_;
};

TEST_F(FolderIdentity, IsTheSameWhereverTheFolderLies) {
  const DataIdentity before = open()->identity();
  EXPECT_EQ(before.images, 2);
  EXPECT_EQ(before.class_names, (std::vector<std::string>{"cats", "dogs"}));
  fs::rename(folder_ / "set", folder_ / "moved");
  EXPECT_EQ(open("moved")->identity(), before);
}

TEST_F(FolderIdentity, KnowsEachChangeOfTheListing) {
  const DataIdentity before = open()->identity();
  image("dogs/c.png", 20);
  EXPECT_EQ(differences(before, open()->identity()),
            (Clauses{"2 images then, 3 now", "class 'dogs' had 1 images, now 2"}));
  fs::remove(folder_ / "set/dogs/c.png");
  EXPECT_EQ(open()->identity(), before);
  image("cats/a.png", 21);  // another size
  EXPECT_EQ(differences(before, open()->identity()),
            Clauses{"the same counts and classes, but other sizes of files"});
  image("cats/a.png", 20);
  fs::rename(folder_ / "set/cats/a.png", folder_ / "set/cats/z.png");
  EXPECT_EQ(differences(before, open()->identity()),
            Clauses{"the same counts and classes, but other file names"});
  fs::rename(folder_ / "set/cats/z.png", folder_ / "set/cats/a.png");
  fs::rename(folder_ / "set/cats", folder_ / "set/bees");
  EXPECT_EQ(differences(before, open()->identity()), Clauses{"class 0 was 'cats', now 'bees'"});
}

TEST_F(FolderIdentity, OfAShareIsTheWholesAndWhichShareItIs) {
  for (int i = 0; i < 20; ++i) image("cats/" + std::to_string(i) + ".png", 20);
  const auto whole = open();
  const DataSets half = split(whole, 0.5), quarter = split(whole, 0.25);
  EXPECT_EQ(half.train->identity(), split(open(), 0.5).train->identity());
  EXPECT_EQ(half.train->identity().images, 11);
  EXPECT_NE(half.train->identity().sha256, half.validation->identity().sha256);
  EXPECT_NE(half.train->identity(), quarter.train->identity());
  const DataIdentity before = half.train->identity();
  image("cats/0.png", 23);
  EXPECT_EQ(differences(before, split(open(), 0.5).train->identity()).size(), 1U);
}

TEST(DataIdentity, OfSetsInMemoryIsOfLabelsAndPixels) {
  const TemporaryDirectory folder;
  DataOptions options;
  options.kind = "cifar10";
  options.path = folder.path().string();
  const auto identity = [&] { return open_data(options, {3, 32, 32}).train->identity(); };
  write_cifar10(folder.path(), 2);
  const DataIdentity before = identity();
  EXPECT_EQ(before.images, 10);
  EXPECT_EQ(before.num_classes, 10);
  EXPECT_EQ(identity(), before);
  for (const size_t place : {size_t{0}, size_t{1}, size_t{3072}}) {  // a label, the first and the last pixel
    const Clauses changed = place > 0 ? Clauses{"the same counts and classes, but other pixels"}
                                      : Clauses{"class 0 had 1 images, now 0", "class 1 had 1 images, now 2"};
    std::string bytes = cifar_records(2, 1, 10);
    bytes[place] ^= 1;
    write_bytes(folder / "data_batch_1.bin", bytes);
    EXPECT_EQ(differences(before, identity()), changed) << place;
  }
}

}  // namespace
}  // namespace uvic

#include "data/cifar.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/open.h"
#include "support/cifar_files.h"

namespace uvic {
namespace {

using namespace uvic::testing;
namespace fs = std::filesystem;

TEST(Cifar, ReadsTheFiveFilesOfCifar10InOrder) {
  const TemporaryDirectory folder;
  write_cifar10(folder.path(), 4);
  const auto set = open_cifar(folder.path(), CifarKind::kCifar10);
  EXPECT_EQ(set->size(), 20);
  EXPECT_EQ(set->num_classes(), 10);
  EXPECT_EQ(set->image_shape(), (ImageShape{3, 32, 32}));
  for (uint32_t i = 0; i < 20; ++i) {
    EXPECT_EQ(set->label(i), i % 10);
    EXPECT_TRUE(at::equal(set->image(i), byte_tensor(noise_bytes(3072, i), {3, 32, 32}))) << i;
  }
  const auto test = open_cifar(folder.path(), CifarKind::kCifar10, true);
  EXPECT_EQ(test->size(), 3);
  EXPECT_TRUE(at::equal(test->image(2), byte_tensor(noise_bytes(3072, 1002), {3, 32, 32})));
}

TEST(Cifar, ReadsTheFineLabelsOfCifar100) {
  const TemporaryDirectory folder;
  write_bytes(folder / "train.bin", cifar_records(120, 2, 100));
  write_bytes(folder / "test.bin", cifar_records(2, 2, 100, 7));
  const auto set = open_cifar(folder.path(), CifarKind::kCifar100);
  EXPECT_EQ(set->size(), 120);
  EXPECT_EQ(set->num_classes(), 100);
  EXPECT_EQ(set->label(99), 99);
  EXPECT_EQ(set->label(105), 5);
  EXPECT_TRUE(at::equal(set->image(105), byte_tensor(noise_bytes(3072, 105), {3, 32, 32})));
  EXPECT_EQ(open_cifar(folder.path(), CifarKind::kCifar100, true)->label(0), 7);
}

TEST(Cifar, FindsTheArchivesOwnFolder) {
  const TemporaryDirectory folder;
  write_cifar10(folder / "cifar-10-batches-bin", 1);
  EXPECT_EQ(open_cifar(folder.path(), CifarKind::kCifar10)->size(), 5);
}

TEST(Cifar, ReadsTheNamesOfItsClasses) {
  const TemporaryDirectory folder;
  write_cifar10(folder.path(), 1);
  EXPECT_TRUE(open_cifar(folder.path(), CifarKind::kCifar10)->class_names().empty());
  write_bytes(folder / "batches.meta.txt",
              "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n");
  const auto set = open_cifar(folder.path(), CifarKind::kCifar10);
  ASSERT_EQ(set->class_names().size(), 10U);
  EXPECT_EQ(set->class_names()[3], "cat");
  EXPECT_TRUE(set->identity().class_names.empty());  // as in runs of before
}

TEST(Cifar, NamesTheOtherVersions) {
  const TemporaryDirectory folder;
  const auto refuse = [&](const std::string& text, CifarKind kind = CifarKind::kCifar10) {
    EXPECT_THROW_WITH(open_cifar(folder.path(), kind), UsageError, text);
  };
  write_bytes(folder / "cifar-10-python.tar.gz", "x");
  refuse(
      "there is cifar-10-python.tar.gz: unpack it (but it is the Python version: get the binary version, "
      "cifar-10-binary.tar.gz)");
  fs::create_directories(folder / "cifar-10-batches-py");
  refuse(
      "cifar-10-batches-py is of the Python version (pickles): get the binary version, "
      "cifar-10-binary.tar.gz");
  fs::remove_all(folder / "cifar-10-batches-py");
  write_bytes(folder / "data_batch_1", "x");
  refuse("data_batch_1 is of the Python version");
  fs::remove(folder / "data_batch_1");
  write_bytes(folder / "train.bin", "x");
  refuse("there is train.bin of the other kind: is data.kind right?");
  write_bytes(folder / "file", "x");
  EXPECT_THROW_WITH(open_cifar(folder / "file", CifarKind::kCifar10), UsageError,
                    "not a folder; unpack the archive");
}

TEST(Cifar, NamesWhatIsWrong) {
  const TemporaryDirectory folder;
  const auto refuse = [&](const std::string& text) {
    EXPECT_THROW_WITH(open_cifar(folder.path(), CifarKind::kCifar10), UsageError, text);
  };
  EXPECT_THROW_WITH(open_cifar("/nowhere", CifarKind::kCifar10), UsageError, "/nowhere: no such folder");
  refuse(folder.path().string() + ": this folder has no data_batch_1.bin (the cifar10 binary version)");
  write_cifar10(folder.path(), 2);
  fs::remove(folder / "data_batch_4.bin");
  refuse("this folder has no data_batch_4.bin");
  write_bytes(folder / "data_batch_4.bin", "");
  refuse("data_batch_4.bin: holds 0 bytes");
  write_bytes(folder / "data_batch_4.bin", cifar_records(1, 1, 10) + "x");
  refuse("data_batch_4.bin: holds 3074 bytes, which is not a whole number of records of 3073 bytes");
  write_bytes(folder / "data_batch_4.bin", cifar_records(2, 1, 12, 10));
  refuse("data_batch_4.bin: record 0 has label 10, but cifar10 has labels 0 to 9");
}

TEST(Cifar, ByItsKindInTheOptions) {
  const TemporaryDirectory folder;
  write_cifar10(folder.path(), 2);
  DataOptions options;
  options.kind = "cifar10";
  options.path = options.val_path = folder.path().string();
  const DataSets data = open_data(options, {3, 32, 32});
  EXPECT_EQ(data.train->size(), 10);
  EXPECT_EQ(data.validation->size(), 3);
}

}  // namespace
}  // namespace uvic

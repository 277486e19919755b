#include "data/dataset_images.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/open.h"
#include "support/cifar_files.h"
#include "support/folder_set.h"

namespace uvic {
namespace {

using testing::TemporaryDirectory;

SharedBadFiles strict() {
  return std::make_shared<BadFiles>(OnError::kFail, "--on-error skip", "list");
}

TEST(DatasetImages, FoldersOfIdxAndCifarFilesAreTheirTrainingImages) {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "mnist");
  testing::write_set(directory / "mnist", 20, 8, 6, 10);
  const auto grey = open_image_set(directory / "mnist");
  ASSERT_EQ(grey->size(), 20);
  EXPECT_EQ(grey->first_size().height, 8);
  const at::Tensor third = grey->read(2, 3).at(0).images[0];
  const at::Tensor expected = testing::byte_tensor(testing::noise_bytes(48, 2), {1, 8, 6});
  EXPECT_TRUE(at::equal(third, expected.expand({3, 8, 6})));

  testing::write_cifar10(directory / "cifar", 2);
  for (const char* name : {"cifar", "outer"}) {
    if (std::string(name) == "outer") {
      std::filesystem::create_directories(directory / "outer");
      std::filesystem::rename(directory / "cifar", directory / "outer/cifar-10-batches-bin");
    }
    const auto colour = open_image_set(directory / name);
    ASSERT_EQ(colour->size(), 10);
    EXPECT_TRUE(at::equal(colour->read(9, 1).at(0).images[0],
                          testing::byte_tensor(testing::noise_bytes(3072, 9), {3, 32, 32})));
  }
  std::filesystem::create_directories(directory / "fine");
  testing::write_bytes(directory / "fine/train.bin", testing::cifar_records(3, 2, 100));
  EXPECT_EQ(open_image_set(directory / "fine")->size(), 3);
  testing::write_bytes(directory / "fine/train.bin", "something else");
  EXPECT_THROW_WITH(open_image_set(directory / "fine"), UsageError, "no images here");
}

TEST(DatasetImages, AsTrainingSeesThemWithoutWhatIsHeldOut) {
  const TemporaryDirectory directory;
  DataOptions options;
  options.kind = "folder";
  options.path = testing::write_folder_set(directory / "set").string();
  options.val_fraction = 0.25;
  options.crop = "random";
  options.background = {0};
  const DataSets data = open_data(options, {1, 8, 8});
  const auto images = images_of(data.train, strict());
  ASSERT_EQ(images->size(), data.train->size());
  EXPECT_LT(images->size(), 13);
  int64_t seen = 0;
  ImageBatches batches(*images, 4, 2);
  for (at::Tensor batch = batches.next(); batch.defined(); batch = batches.next()) {
    for (int64_t i = 0; i < batch.size(0); ++i, ++seen)
      EXPECT_TRUE(at::equal(batch[i], data.train->image(seen).expand({3, 8, 8})));
  }
  EXPECT_EQ(seen, images->size());
}

TEST(DatasetImages, WhatCannotBeDecodedIsNamedOrLeftOut) {
  const TemporaryDirectory directory;
  DataOptions options;
  options.kind = "folder";
  options.path = testing::write_folder_set(directory / "set").string();
  testing::damage_folder_set(directory / "set");
  const auto data = open_data(options, {3, 8, 8}).train;
  EXPECT_THROW_WITH(images_of(data, strict())->read(0, data->size()), UsageError, "b/5.png");
  const auto bad = std::make_shared<BadFiles>(OnError::kSkip, "--on-error skip", directory / "list");
  const auto images = images_of(data, bad);
  EXPECT_EQ(images->read(0, data->size()).at(0).images.size(0), data->size() - 1);
  EXPECT_EQ(images->left_out(), 1);
}

}  // namespace
}  // namespace uvic

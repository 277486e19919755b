#include "data/image_set.h"

#include <gtest/gtest.h>

#include <zlib.h>

#include "core/errors.h"
#include "io/npz.h"
#include "io/png.h"
#include "support/image_files.h"
#include "support/python.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryDirectory;

at::Tensor image(int64_t size, int salt, int64_t channels = 3) {
  at::manual_seed(uint64_t(salt));
  return at::randint(256, {channels, size, size}, at::kByte);
}

class ImageSetTest : public ::testing::Test {
 protected:
  /// Seven images of 8 x 8 in two folders, c/6.png one of 12 x 12.
  ImageSetTest() {
    for (int i = 0; i < 7; ++i) {
      images_.push_back(image(i == 6 ? 12 : 8, i));
      const fs::path file = folder() / (i < 3 ? "a" : "c") / (std::to_string(i) + ".png");
      fs::create_directories(file.parent_path());
      save_png(file, images_.back());
    }
    testing::write_bytes(folder() / "dataset.json", "no JSON, and none is needed");
    testing::write_bytes(folder() / "c/.hidden.png", "");
  }
  fs::path folder() const { return directory_ / "folder"; }
  fs::path zip(const std::string& name, const std::string& method = "ZIP_STORED") const {
    testing::python(R"(
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[2], "w", getattr(zipfile, sys.argv[3])) as z:
    for folder, _, files in sorted(os.walk(sys.argv[1]), reverse=True):
        for f in files: z.write(os.path.join(folder, f), os.path.relpath(os.path.join(folder, f), sys.argv[1]))
)",
                    {folder().string(), (directory_ / name).string(), method});
    return directory_ / name;
  }
  void expect_whole(const fs::path& path, int64_t batch, int64_t workers) const {
    SCOPED_TRACE(path);
    const auto set = open_image_set(path);
    ASSERT_EQ(set->size(), 7);
    ImageBatches batches(*set, batch, workers);
    size_t seen = 0;
    for (at::Tensor part = batches.next(); part.defined(); part = batches.next()) {
      EXPECT_LE(part.size(0), batch);
      for (int64_t i = 0; i < part.size(0); ++i, ++seen)
        EXPECT_TRUE(at::equal(part[i], images_.at(seen))) << seen;
    }
    EXPECT_EQ(seen, 7U);
    EXPECT_FALSE(batches.next().defined());
  }
  TemporaryDirectory directory_;
  std::vector<at::Tensor> images_;
};

TEST_F(ImageSetTest, FoldersAndZipsInTheOrderOfNamesWhateverTheSizes) {
  expect_whole(folder(), 3, 2);
  expect_whole(folder(), 100, 1);
  expect_whole(zip("stored.zip"), 2, 3);
  expect_whole(zip("deflated.ZIP", "ZIP_DEFLATED"), 3, 2);
}

TEST_F(ImageSetTest, NpzIsReadFrontToBackWhateverTheWorkers) {
  images_[6] = image(8, 6);
  const at::Tensor all = at::stack(images_).permute({0, 2, 3, 1});
  save_npz(directory_ / "images.npz", {{"arr_0", all}, {"arr_1", at::zeros({7}, at::kLong)}});
  expect_whole(directory_ / "images.npz", 2, 4);
  save_npz(directory_ / "grey.npz", {{"arr_0", all.slice(3, 0, 1)}});
  const auto grey = open_image_set(directory_ / "grey.npz");
  EXPECT_TRUE(
      at::equal(grey->read(0, 7)[0].images, all.slice(3, 0, 1).permute({0, 3, 1, 2}).expand({7, 3, 8, 8})));
}

TEST_F(ImageSetTest, GreyFilesBecomeRgb) {
  const fs::path grey = directory_ / "grey";
  fs::create_directories(grey);
  save_png(grey / "0.png", image(8, 1, 1));
  EXPECT_TRUE(at::equal(open_image_set(grey)->read(0, 1)[0].images[0], image(8, 1, 1).expand({3, 8, 8})));
}

TEST_F(ImageSetTest, FilesThatAreNoImagesAreAllNamedBeforeAnyIsDecoded) {
  testing::write_bytes(folder() / "c/5.png", "not a PNG");
  testing::write_bytes(folder() / "a/1.png", "");
  for (const fs::path& path : {folder(), zip("a.zip")}) {
    for (const char* text : {"a/1.png: the file is empty; ", "c/5.png: not a PNG"})
      EXPECT_THROW_WITH(open_image_set(path), UsageError, text);
    const auto bad = std::make_shared<BadFiles>(OnError::kSkip, "--on-error skip", directory_ / "list");
    const auto set = open_image_set(path, bad);
    EXPECT_EQ(set->size(), 5);
    EXPECT_EQ(set->left_out(), 2);
    ImageBatches batches(*set, 100, 2);
    EXPECT_TRUE(at::equal(batches.next()[1], images_[2]));
    EXPECT_NE(batches.name(1).find("a/2.png"), std::string::npos);
  }
}

// Headers longer than what is read of an archived file at first.
TEST_F(ImageSetTest, ArchivedHeadersMayBeLong) {
  std::string bytes = testing::read_bytes(folder() / "a/0.png");
  std::string note = "Comment" + std::string(1, '\0') + std::string(9000, 'x');
  const auto big_endian = [](uint32_t value) {
    return std::string{char(value >> 24), char(value >> 16), char(value >> 8), char(value)};
  };
  const std::string chunk = "tEXt" + note;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(chunk.data()), unsigned(chunk.size()));
  bytes.insert(33, big_endian(uint32_t(note.size())) + chunk + big_endian(uint32_t(crc)));
  testing::write_bytes(folder() / "a/0.png", bytes);
  expect_whole(zip("long.zip", "ZIP_DEFLATED"), 3, 2);
}

TEST_F(ImageSetTest, DamageThatHeadersDoNotShowIsNamedWhenItIsMetOrLeftOut) {
  std::string bytes = testing::read_bytes(folder() / "c/5.png");
  bytes[bytes.find("IDAT") + 20] ^= 1;
  testing::write_bytes(folder() / "c/5.png", bytes);
  const auto damaged = open_image_set(folder());
  ImageBatches rest(*damaged, 3, 2);
  EXPECT_NO_THROW(rest.next());
  EXPECT_THROW_WITH(rest.next(), UsageError, "c/5.png");

  const auto bad = std::make_shared<BadFiles>(OnError::kSkip, "--on-error skip", directory_ / "list");
  const auto set = open_image_set(folder(), bad);
  ImageBatches batches(*set, 1, 2);
  std::vector<std::string> names;
  while (batches.next().defined()) names.push_back(batches.name(0));
  EXPECT_EQ(names.size(), 6U);
  EXPECT_EQ(names.back(), (folder() / "c/6.png").string());
  EXPECT_EQ(set->left_out(), 1);
  ::testing::internal::CaptureStderr();
  bad->tell();
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("skipped 1 image: "), std::string::npos);
}

TEST_F(ImageSetTest, WhatHoldsNoImagesIsRefused) {
  const auto refusal = [&](const std::string& name, const std::string& text) {
    EXPECT_THROW_WITH(open_image_set(directory_ / name), UsageError, text);
  };
  refusal("absent", "no such file or folder");
  testing::write_bytes(directory_ / "a.tar", "");
  refusal("a.tar", "must be a folder, a .zip or an .npz");
  testing::write_bytes(directory_ / "junk.zip", "junk");
  refusal("junk.zip", "junk.zip: ");
  testing::write_bytes(directory_ / "x.png", testing::read_bytes(folder() / "a/0.png"));
  refusal("x.png", "must be a folder, a .zip or an .npz; this is a PNG");
  fs::create_directories(directory_ / "empty");
  refusal("empty", "no images here or below");
  testing::python("import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('__MACOSX/._a.png', '')",
                  {(directory_ / "none.zip").string()});
  refusal("none.zip", "no images in it");
  testing::python("import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('@eaDir/a.png', '')",
                  {(directory_ / "thumbnails.zip").string()});
  refusal("thumbnails.zip", "no images in it");
  save_npz(directory_ / "float.npz", {{"arr_0", at::zeros({2, 8, 8, 3})}});
  refusal("float.npz", "arr_0 must be images, uint8 [N, H, W, 3]");
  save_npz(directory_ / "planes.npz", {{"arr_0", at::zeros({2, 3, 8, 8}, at::kByte)}});
  refusal("planes.npz", "it is uint8 [2, 3, 8, 8]");
  refusal("float.npz", "it is float32 [2, 8, 8, 3]");
  save_npz(directory_ / "stats.npz", {{"mu", at::zeros({2})}});
  refusal("stats.npz", "has no array \"arr_0\"");
}

}  // namespace
}  // namespace uvic

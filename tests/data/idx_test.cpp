#include "data/idx.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "data/open.h"
#include "support/idx_files.h"

namespace uvic {
namespace {

using namespace uvic::testing;
namespace fs = std::filesystem;

TEST(ReadIdx, ReadsRanks1To4PlainAndGzipped) {
  const TemporaryDirectory folder;
  const std::vector<std::vector<uint32_t>> shapes = {{7}, {3, 5}, {2, 3, 4}, {2, 1, 3, 4}, {0}, {4, 0, 2}};
  for (const auto& sizes : shapes) {
    const std::vector<int64_t> expected(sizes.begin(), sizes.end());
    const std::string data = noise_bytes(static_cast<size_t>(c10::multiply_integers(expected)), 1);
    for (const bool zipped : {false, true}) {
      const auto path = folder / "file";
      write_bytes(path, zipped ? gzip(idx_header(sizes) + data) : idx_header(sizes) + data);
      const at::Tensor read = read_idx(path);
      EXPECT_EQ(read.scalar_type(), at::kByte);
      EXPECT_TRUE(at::equal(read, byte_tensor(data, expected))) << expected;
    }
  }
}

TEST(ReadIdx, ReadsMoreThanOneChunk) {
  const TemporaryDirectory folder;
  const std::string data = noise_bytes(40'000'001, 5);
  write_bytes(folder / "file", idx_header({40'000'001}) + data);
  EXPECT_TRUE(at::equal(read_idx(folder / "file"), byte_tensor(data, {40'000'001})));
}

TEST(ReadIdx, NamesWhatIsNotIdx) {
  const TemporaryDirectory folder;
  const auto refuse = [&](const std::string& bytes, const std::string& text) {
    write_bytes(folder / "file", bytes);
    EXPECT_THROW_WITH(read_idx(folder / "file"), UsageError, (folder / "file").string() + ": " + text);
  };
  refuse("", "the file is empty");
  refuse("\x89PNG\r\n",
         "starts with 89 50 4e 47; idx of unsigned bytes starts with 00 00 08 and the rank 01 to 04");
  refuse(std::string("\0\0\x08", 3), "starts with 00 00 08;");
  refuse(std::string("\0\0\x0d\x01\0\0\0\0", 8), "starts with 00 00 0d 01");
  refuse(std::string("\0\0\x08\x00\0\0\0\0", 8), "starts with 00 00 08 00");
  refuse(std::string("\0\0\x08\x05\0\0\0\0", 8), "starts with 00 00 08 05");
  refuse(idx_header({3, 4}).substr(0, 11), "truncated in its header");
  refuse(idx_header({3, 4}) + "12345678901", "truncated: it holds 11 bytes of data, its header says 12");
  refuse(idx_header({3, 4}) + "1234567890123", "has bytes left over after the 12");
  refuse(gzip(idx_header({3, 4}) + "12345678901"), "truncated: it holds 11 bytes");
  refuse(gzip(idx_header({3, 4}) + "1234567890123"), "has bytes left over");
}

TEST(ReadIdx, AbsurdSizesAskForNoMemory) {
  const TemporaryDirectory folder;
  const auto path = folder / "file";
  write_bytes(path, idx_header({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}));
  EXPECT_THROW_WITH(read_idx(path), UsageError, "at most 8 GiB");
  write_bytes(path, idx_header({0x80000000, 4, 0x80000000, 4}));  // the product is 2^66, 0 in 64 bits
  EXPECT_THROW_WITH(read_idx(path), UsageError, "at most 8 GiB");
  write_bytes(path, idx_header({0x80000000, 4, 1, 2}));
  EXPECT_THROW_WITH(read_idx(path), UsageError, "asks for [2147483648, 4, 1, 2] bytes; at most 8 GiB");
  write_bytes(path, idx_header({0x80000000, 4}) + "abc");  // 8 GiB is allowed, but they are not there
  EXPECT_THROW_WITH(read_idx(path), UsageError, "holds 3 bytes of data, its header says 8589934592");
}

TEST(ReadIdx, NoFileOrAFolder) {
  const TemporaryDirectory folder;
  EXPECT_THROW_WITH(read_idx(folder / "absent"), UsageError, "absent: cannot open this file: No such file");
  EXPECT_THROW_WITH(read_idx(folder.path()), UsageError, folder.path().string());
}

TEST(ReadIdx, GzipTruncatedAnywhereIsRefused) {
  const TemporaryDirectory folder;
  const std::string zipped = gzip(idx_header({20, 30}) + noise_bytes(600, 3));
  const auto path = folder / "file.gz";
  for (size_t length = 0; length < zipped.size(); ++length) {
    SCOPED_TRACE(length);
    write_bytes(path, zipped.substr(0, length));
    const char* text = length == 0   ? "the file is empty"
                       : length == 1 ? "starts with 1f;"
                                     : "the gzip file is truncated";
    EXPECT_THROW_WITH(read_idx(path), UsageError, path.string() + ": " + text);
  }
}

TEST(ReadIdx, ADamagedGzipNeverReadsAsSomethingElse) {
  const TemporaryDirectory folder;
  const std::string data = noise_bytes(600, 3), zipped = gzip(idx_header({20, 30}) + data);
  const at::Tensor expected = byte_tensor(data, {20, 30});
  const auto path = folder / "file.gz";
  size_t refused = 0;
  for (size_t i = 0; i < zipped.size(); ++i) {
    std::string damaged = zipped;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    write_bytes(path, damaged);
    try {
      EXPECT_TRUE(at::equal(read_idx(path), expected)) << "byte " << i;  // gzip's time and system bytes
    } catch (const UsageError& error) {
      ++refused;
      EXPECT_NE(std::string(error.what()).find(path.string()), std::string::npos);
    }
  }
  EXPECT_GE(refused, zipped.size() - 10);

  std::string checksum = zipped;
  checksum[zipped.size() - 8] ^= 1;
  write_bytes(path, checksum);
  EXPECT_THROW_WITH(read_idx(path), UsageError, "the gzip file is damaged");
}

TEST(OpenIdx, OpensASet) {
  const TemporaryDirectory folder;
  write_set(folder.path(), 6, 4, 5);
  write_bytes(folder / kLabels, gzip(idx_header({6}) + std::string("\4\0\0\7\1\1", 6)));  // gzip without .gz
  const auto set = open_idx(folder.path());
  EXPECT_EQ(set->size(), 6);
  EXPECT_EQ(set->image_shape(), (std::array<int64_t, 3>{1, 4, 5}));
  EXPECT_EQ(set->num_classes(), 8);  // the largest label is 7, though 2, 3, 5, 6 do not occur
  EXPECT_EQ(set->label(0), 4);
  EXPECT_EQ(set->label(3), 7);
  EXPECT_TRUE(at::equal(set->image(5), byte_tensor(noise_bytes(20, 5), {1, 4, 5})));
  EXPECT_EQ(set->describe(), "6 images 1x4x5, 8 classes (labels 0 to 7), idx in " + folder.path().string());
  EXPECT_ANY_THROW(set->image(6));
  EXPECT_ANY_THROW(set->label(6));
}

TEST(OpenIdx, PrefersThePlainFile) {
  const TemporaryDirectory folder;
  write_set(folder.path(), 4, 2, 2);
  const std::string other = idx_header({4}) + std::string(4, '\x09');
  write_bytes(folder / (kLabels + ".gz"), gzip(other));
  EXPECT_EQ(open_idx(folder.path())->num_classes(), 4);
  std::filesystem::remove(folder / kLabels);
  EXPECT_EQ(open_idx(folder.path())->num_classes(), 10);
}

TEST(OpenIdx, FolderAndFilesMustBeThere) {
  const TemporaryDirectory folder;
  EXPECT_THROW_WITH(open_idx(folder / "absent"), UsageError, "absent: no such folder");
  write_bytes(folder / "file", "x");
  EXPECT_THROW_WITH(open_idx(folder / "file"), UsageError, "file: not a folder");
  EXPECT_THROW_WITH(open_idx(folder.path()), UsageError,
                    ": this folder has neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz");
  write_set(folder.path(), 4, 2, 2);
  std::filesystem::remove(folder / kLabels);
  EXPECT_THROW_WITH(open_idx(folder.path()), UsageError,
                    "neither train-labels-idx1-ubyte nor train-labels-idx1-ubyte.gz");
  write_bytes(folder / kLabels, "");
  EXPECT_THROW_WITH(open_idx(folder.path()), UsageError, kLabels + ": the file is empty");
}

/// `from`'s pair under other names.
void rename_pair(const fs::path& from, const fs::path& images, const fs::path& labels) {
  fs::create_directories(images.parent_path());
  fs::create_directories(labels.parent_path());
  fs::rename(from / kImages, images);
  fs::rename(from / kLabels, labels);
}

TEST(OpenIdx, FindsOtherNamesOfTheSamePair) {
  for (const auto& [images, labels] :
       {std::pair("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
        std::pair("MNIST/raw/train-images-idx3-ubyte", "MNIST/raw/train-labels-idx1-ubyte"),
        std::pair("FashionMNIST/raw/train-images-idx3-ubyte", "FashionMNIST/raw/train-labels-idx1-ubyte"),
        std::pair("raw/train-images-idx3-ubyte", "raw/train-labels-idx1-ubyte"),
        std::pair("emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels-idx1-ubyte"),
        std::pair("train-images-idx3-ubyte/train-images-idx3-ubyte", "train-labels.idx1-ubyte")}) {
    SCOPED_TRACE(images);
    const TemporaryDirectory made, folder;
    write_set(made.path(), 6, 4, 5);
    rename_pair(made.path(), folder / images, folder / labels);
    EXPECT_EQ(open_idx(folder.path())->size(), 6);
  }
  const TemporaryDirectory folder;  // the test pair of EMNIST and QMNIST
  write_set(folder.path(), 3, 2, 2);
  rename_pair(folder.path(), folder / "qmnist-test-images-idx3-ubyte.gz",
              folder / "qmnist-test-labels-idx1-ubyte");
  EXPECT_EQ(open_idx(folder.path(), true)->size(), 3);
}

TEST(OpenIdx, NamesNearMissesAndSeveralSets) {
  const TemporaryDirectory folder;
  const auto refuse = [&](const std::string& text) {
    EXPECT_THROW_WITH(open_idx(folder.path()), UsageError, text);
  };
  write_bytes(folder / "kmnist-train-imgs.npz", "PK");
  refuse(
      "nor train-images-idx3-ubyte.gz; there is kmnist-train-imgs.npz (.npz is not read: get the idx files)");
  fs::remove(folder / "kmnist-train-imgs.npz");
  write_bytes(folder / "train-images.idx3-ubyte.zip", "PK");
  refuse("; there is train-images.idx3-ubyte.zip");
  fs::remove(folder / "train-images.idx3-ubyte.zip");
  write_bytes(folder / "1.png", "x");
  refuse("; there is 1.png: data.kind=folder reads image files");
  for (const char* set : {"emnist-letters", "emnist-digits"}) {
    const TemporaryDirectory made;
    write_set(made.path(), 2, 2, 2);
    rename_pair(made.path(), folder / (std::string(set) + "-" + kImages),
                folder / (std::string(set) + "-" + kLabels));
  }
  refuse("holds several data sets, emnist-digits, emnist-letters; put the files of the one");
  const TemporaryDirectory root;
  for (const char* set : {"MNIST", "FashionMNIST"}) {
    fs::create_directories(root / set / "raw");
    write_set(root / set / "raw", 2, 2, 2);
  }
  EXPECT_THROW_WITH(open_idx(root.path()), UsageError,
                    "holds several data sets, MNIST/raw, FashionMNIST/raw");
}

TEST(OpenIdx, ContentsMustFit) {
  const TemporaryDirectory folder;
  write_set(folder.path(), 4, 2, 2);
  const std::string labels = read_bytes(folder / kLabels);
  write_bytes(folder / kLabels, idx_header({5}) + "\1\1\1\1\1");
  EXPECT_THROW_WITH(open_idx(folder.path()), UsageError, "4 images but 5 labels");
  std::filesystem::copy_file(folder / kImages, folder / kLabels,
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THROW_WITH(open_idx(folder.path()), UsageError,
                    kLabels + ": starts with 00 00 08 03; idx of labels starts with 00 00 08 01");
  write_bytes(folder / kLabels, labels);
  write_bytes(folder / kImages, labels);
  EXPECT_THROW_WITH(open_idx(folder.path()), UsageError,
                    kImages + ": starts with 00 00 08 01; idx of images starts with 00 00 08 03");
  write_set(folder.path(), 0, 2, 2);
  EXPECT_THROW_WITH(open_idx(folder.path()), UsageError, kImages + ": holds no images");
  write_set(folder.path(), 3, 0, 2);
  EXPECT_THROW_WITH(open_idx(folder.path()), UsageError, "holds no images: its sizes are [3, 0, 2]");
}

TEST(DataOptions, MirrorsByDefaultWhereClassesStayThemselves) {
  DataOptions options;
  EXPECT_FALSE(options.flips());
  options.kind = "folder";
  EXPECT_TRUE(options.flips());
  options.random_flip = "false";
  EXPECT_FALSE(options.flips());
  options.kind = "idx";
  options.random_flip = "true";
  options.resolve();
  EXPECT_EQ(options.random_flip.name(), "true");
  options.random_flip = "auto";
  options.resolve();
  EXPECT_EQ(options.random_flip.name(), "false");
}

TEST(OpenData, ChecksItsOptions) {
  const TemporaryDirectory folder;
  write_set(folder.path(), 4, 2, 2);
  DataOptions options;
  const ImageShape shape = {1, 2, 2};
  EXPECT_THROW_WITH(open_data(options, shape), UsageError, "data.path is not set");
  options.path = folder.path().string();
  EXPECT_EQ(open_data(options, shape).train->size(), 4);
  EXPECT_THROW_WITH(options.kind = "cifar", UsageError, "unknown value 'cifar'");
}

}  // namespace
}  // namespace uvic

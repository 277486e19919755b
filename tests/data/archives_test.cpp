// Images inside archives: ZIPs and webdataset tars, read where they lie.
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/errors.h"
#include "data/file_source.h"
#include "data/folder.h"
#include "data/open.h"
#include "io/tar.h"
#include "support/archive_files.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace testing;
namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

const ImageShape kShape = {3, 8, 8};

std::string encoded(int salt, const char* ending = ".png") {
  std::vector<uint8_t> bytes;
  cv::imencode(ending, picture(10, 12, salt), bytes);
  return {bytes.begin(), bytes.end()};
}

class Archives : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  static std::shared_ptr<const Dataset> open(const std::string& kind, const std::string& path) {
    DataOptions options;
    options.kind = kind;
    options.path = path;
    return open_data(options, kShape).train;
  }
  static void refuse(const std::string& kind, const std::string& path, const std::string& message) {
    EXPECT_THROW_WITH(open(kind, path), UsageError, message);
  }
  /// What the same files give as a folder.
  std::shared_ptr<const Dataset> as_folder(const ArchiveFiles& files) const {
    for (const auto& [name, bytes] : files) {
      fs::create_directories((folder_ / "plain" / name).parent_path());
      write_bytes(folder_ / "plain" / name, bytes);
    }
    return open("folder", path("plain"));
  }
  TemporaryDirectory folder_;
};

TEST_F(Archives, AZipIsAsTheFolderThatWasPacked) {
  const ArchiveFiles files = {{"00/b.png", encoded(1)},
                              {"00/a.jpg", encoded(2, ".jpg")},
                              {"dataset.json", "{\"labels\": [[\"00/a.jpg\", 3], [\"00/b.png\", 1]]}"},
                              {"metadata.jsonl",
                               "{\"file_name\": \"00/a.jpg\", \"text\": \"A\"}\n"
                               "{\"file_name\": \"00/b.png\", \"text\": \"B\"}\n"},
                              {"__MACOSX/._a.jpg", "x"}};
  write_zip_of(path("set.zip"), files);
  const auto zip = open("zip", path("set.zip")), plain = as_folder(files);
  ASSERT_EQ(zip->size(), 2);
  EXPECT_EQ(zip->num_classes(), 4);
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(zip->image(i).equal(plain->image(i)));
    EXPECT_EQ(zip->label(i), plain->label(i));
    EXPECT_EQ(zip->captions()->text(i, 0), plain->captions()->text(i, 0));
  }
  EXPECT_EQ(zip->identity(), plain->identity());
  EXPECT_NE(zip->describe().find(", captions from metadata.jsonl, 1.0 an image, ZIP " + path("set.zip")),
            std::string::npos)
      << zip->describe();
}

TEST_F(Archives, AZipsFoldersAreClassesAndItsBadFilesAreNamed) {
  write_zip_of(path("set.zip"), {{"cats/1.png", encoded(1)}, {"dogs/1.png", encoded(2)}});
  EXPECT_EQ(open("zip", path("set.zip"))->class_names(), (Texts{"cats", "dogs"}));
  write_zip_of(path("bad.zip"), {{"1.png", encoded(1)}, {"2.png", "text"}});
  refuse("zip", path("bad.zip"), "bad.zip: 2.png: not a PNG, JPEG or the like");
  write_zip_of(path("twice.zip"), {{"1.png", encoded(1)}, {"./1.png", encoded(2)}});
  refuse("zip", path("twice.zip"), "twice.zip: 1.png is there twice");
  write_zip_of(path("none.zip"), {{"1.gif", "GIF89a"}});
  refuse("zip", path("none.zip"), "none.zip: no images in it");
  refuse("zip", path("absent.zip"), "absent.zip: no such file");
  refuse("folder", path("set.zip"), "set.zip: not a folder; data.kind: zip reads");
}

TEST_F(Archives, AZipThatClaimsMoreThanItHoldsIsRefused) {
  std::string bytes;
  write_zip_of(path("bomb.zip"), {{"1.png", encoded(1)}});
  bytes = read_bytes(path("bomb.zip"));
  const size_t central = bytes.find("PK\1\2");
  bytes.replace(central + 24, 4, "\xFF\xFF\xFF\x7F");  // the size unpacked
  write_bytes(path("bomb.zip"), bytes);
  refuse("zip", path("bomb.zip"),
         "bomb.zip: 1.png: says that it unpacks to 2.00 GiB, more than this file can hold");
}

ArchiveFiles samples() {
  return {{"0001.jpg", encoded(1, ".jpg")},
          {"0001.txt", "one\nuno\n"},
          {"0001.cls", "2\n"},
          {"0002.png", encoded(2)},
          {"0002.json", "{\"caption\": \"two\"}"},
          {"0002.cls", "0"},
          {"0002.seg.png", "x"}};
}

TEST_F(Archives, WebdatasetFilesOfOneKeyBelongTogether) {
  write_tar(path("set.tar"), samples());
  const auto set = open("webdataset", path("set.tar"));
  ASSERT_EQ(set->size(), 2);
  EXPECT_EQ(set->num_classes(), 3);
  EXPECT_EQ(set->label(0), 2);
  EXPECT_EQ(set->captions()->count(0), 2);
  EXPECT_EQ(set->captions()->text(0, 1), "uno");
  EXPECT_EQ(set->captions()->text(1, 0), "two");
  const auto plain = as_folder({{"0001.jpg", samples()[0].second}, {"0002.png", samples()[3].second}});
  for (int64_t i = 0; i < 2; ++i) EXPECT_TRUE(set->image(i).equal(plain->image(i)));
  EXPECT_NE(set->describe().find("3 classes from .cls files, captions from the tars, 1.5 an image, tar "),
            std::string::npos)
      << set->describe();
}

TEST_F(Archives, ShardsAreAFolderOrAPattern) {
  fs::create_directories(folder_ / "shards");
  for (const int shard : {8, 9, 10}) {
    char name[16];
    std::snprintf(name, sizeof name, "%03d.tar", shard);
    write_tar(folder_ / "shards" / name, {{"0.png", encoded(shard)}, {"./0.txt", std::to_string(shard)}});
  }
  const auto folder = open("webdataset", path("shards")),
             pattern = open("webdataset", path("shards/{008..010}.tar"));
  ASSERT_EQ(folder->size(), 3);
  EXPECT_EQ(folder->captions()->text(2, 0), "10");
  EXPECT_EQ(folder->identity(), pattern->identity());
  EXPECT_EQ(open("webdataset", path("shards/0{10,08}.tar"))->size(), 2);
  refuse("webdataset", path("shards/{008..012}.tar"), "011.tar: no such file, as 1 more of the 5 shards of ");
  refuse("webdataset", path("shards/{9..8}.tar"), "{9..8}: must be {FIRST..LAST}");
  refuse("webdataset", path("shards/{008,008}.tar"), "008.tar is there twice");
  write_tar(folder_ / "shards/011.tar", {{"0.png", "bad"}});
  refuse("webdataset", path("shards"), "has no caption for 011.tar/0.png");
  write_tar(folder_ / "shards/011.tar", {{"0.png", "bad"}, {"0.txt", "x"}});
  refuse("webdataset", path("shards"), "011.tar: 0.png: not a PNG");
  fs::create_directories(folder_ / "empty");
  write_bytes(folder_ / "empty/0.tar.gz", "x");
  refuse("webdataset", path("empty"), "empty: holds no .tar; compressed ones must be decompressed first");
}

TEST_F(Archives, SamplesThatDoNotFitAreRefused) {
  const auto tar = [&](ArchiveFiles more, const std::string& message) {
    ArchiveFiles files = samples();
    files.insert(files.end(), more.begin(), more.end());
    write_tar(path("set.tar"), files);
    refuse("webdataset", path("set.tar"), message);
  };
  tar({{"0001.png", encoded(3)}}, "set.tar: 0001.png: the key 0001 has another image, 0001.jpg");
  tar({{"0001.txt", "x"}}, "set.tar: 0001.txt is there twice");
  tar({{"0003.png", encoded(3)}}, "set.tar: 0001.cls: has no label for 0003.png");
  tar({{"0003.png", encoded(3)}, {"0003.cls", "1"}}, "set.tar: has no caption for 0003.png");
  tar({{"0003.txt", "x"}}, "set.tar: 0003.txt: 0003: there is no such image");
  tar({{"0003.png", encoded(3)}, {"0003.cls", "1"}, {"0003.json", "{\"caption\": \"x\",}"}},
      "set.tar: 0003.json: not valid JSON, line 1, column 17: ");
  tar({{"0003.png", encoded(3)}, {"0003.cls", "1"}, {"0003.txt", "\xFF"}}, "0003.txt: is not UTF-8");
  write_tar(path("set.tar"), {{"a.gif", "x"}});
  refuse("webdataset", path("set.tar"), "set.tar: no images in it (KEY.ENDING");
}

TEST_F(Archives, WithoutCaptionsOrClassesThereAreNone) {
  write_tar(path("set.tar"),
            {{"x/0.png", encoded(1)}, {"x/0.json", "{\"width\": 3}"}, {"y/0.png", encoded(2)}});
  const auto set = open("webdataset", path("set.tar"));
  EXPECT_EQ(set->captions(), nullptr);
  EXPECT_EQ(set->num_classes(), 0);
}

// Nothing is unpacked, so names are only names.
TEST_F(Archives, HostileEntriesOfATarDoNoHarm) {
  const std::string image = encoded(1);
  std::string bytes = tar_entry("../../up.png", image) + tar_entry("/abs.png", image) +
                      tar_header("link.png", 0, '2', "/etc/passwd") +
                      tar_header("hard.png", 0, '1', "/abs.png") + tar_header("device.png", 0, '3') +
                      tar_header("folder.png/", 0, '5');
  write_bytes(path("set.tar"), bytes + std::string(1024, '\0'));
  const auto entries = index_tar(path("set.tar"));
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "../../up.png");
  EXPECT_EQ(open("webdataset", path("set.tar"))->size(), 2);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()), 1);
  bytes += tar_header("huge.png", 0777777777777);
  write_bytes(path("set.tar"), bytes + image);
  refuse("webdataset", path("set.tar"),
         c10::str("set.tar: huge.png: says that it is of 68719476735 bytes, but the archive ends at byte ",
                  bytes.size() + image.size()));
}

TEST_F(Archives, WhatIsNoTarIsRefused) {
  write_bytes(path("set.tar"), "\x1f\x8b\x08 compressed");
  refuse("webdataset", path("set.tar"),
         "set.tar: gzip-compressed: files are read where they lie in a tar, so "
         "decompress it first (gzip -d)");
  write_bytes(path("set.tar"), "<html>no</html>");
  refuse("webdataset", path("set.tar"), "set.tar: an HTML page, not a tar archive");
  write_bytes(path("set.tar"), "");
  refuse("webdataset", path("set.tar"), "set.tar: an empty file, not a tar archive");
  const std::string whole = tar_entry("0.png", encoded(1)) + tar_entry("1.png", encoded(2));
  write_bytes(path("set.tar"), whole.substr(0, tar_entry("0.png", encoded(1)).size() + 600));
  refuse("webdataset", path("set.tar"), "set.tar: 1.png: says that it is of ");
  std::string damaged = whole + std::string(1024, '\0');
  damaged[tar_entry("0.png", encoded(1)).size() + 130] ^= 1;  // a digit of a size: its header's sum is wrong
  write_bytes(path("set.tar"), damaged);
  refuse("webdataset", path("set.tar"), "set.tar: damaged behind 0.png: ");
}

// GNU tar's and pax's long names and names beyond ASCII; and where each one's bytes lie.
TEST_F(Archives, AllKindsOfTarsAreIndexed) {
  const std::string name = std::string(150, 'n') + "\xC3\xA9.png";
  fs::create_directories(folder_ / "in");
  write_bytes(folder_ / "in" / name, encoded(4));
  write_bytes(folder_ / "in/b.png", encoded(5));
  for (const char* format : {"gnu", "pax", "posix"}) {
    const std::string command = c10::str("cd ", path("in"), " && tar --format=", format, " -cf ../x.tar .");
    ASSERT_EQ(std::system(command.c_str()), 0);
    const auto source = open_tar_source(path("x.tar"));
    ASSERT_EQ(source->files(), (Texts{"b.png", name})) << format;
    for (const auto& [file, salt] : {std::pair{name, 4}, {std::string("b.png"), 5}}) {
      const std::string bytes = encoded(salt);
      const auto read = source->read(file);
      EXPECT_EQ(std::string(read.bytes.begin(), read.bytes.end()), bytes) << format;
      const auto last = source->read_last(file, 4);
      EXPECT_EQ(std::string(last.begin(), last.end()), bytes.substr(bytes.size() - 4));
    }
  }
}

}  // namespace
}  // namespace uvic

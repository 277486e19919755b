// Archives made by hand of ZipWriter's headers, read by Python's zipfile.
#include "io/zip_writer.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "support/python.h"

namespace uvic {
namespace {

using testing::python;

// Names, sizes, offsets of the local headers, versions, lengths of the extra fields and contents, and that
// all CRCs are right.
const std::string kDescribe = R"(
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
for i in z.infolist():
    assert i.compress_type == zipfile.ZIP_STORED and i.date_time == (1980, 1, 1, 0, 0, 0) and i.flag_bits == 0
    print(i.filename, i.file_size, i.header_offset, i.extract_version, len(i.extra), z.read(i)[:8].decode())
)";

uint32_t crc(const std::string& bytes) {
  return uint32_t(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), uInt(bytes.size())));
}

std::string archive(const std::vector<std::string>& contents, Zip64Limits limits) {
  ZipWriter zip(limits);
  std::string bytes;
  for (size_t i = 0; i < contents.size(); ++i) {
    bytes += zip.begin("f" + std::to_string(i), contents[i].size(), crc(contents[i])) + contents[i];
  }
  return bytes + zip.finish();
}

std::string describe(const std::string& bytes) {
  const testing::TemporaryDirectory directory;
  testing::write_bytes(directory / "a.zip", bytes);
  return python(kDescribe, {(directory / "a.zip").string()});
}

TEST(ZipWriter, PythonReadsPlainArchives) {
  EXPECT_EQ(describe(archive({}, {})), "");
  EXPECT_EQ(describe(archive({"hello", "", "world!"}, {})),
            "f0 5 0 20 0 hello\nf1 0 37 20 0 \nf2 6 69 20 0 world!\n");
}

TEST(ZipWriter, PastTheLimitOfBytesSizesAndOffsetsAreZip64) {
  // f0 is small and near, f1 is large, f2 is small and far, f3 both.
  const std::string large(100, 'x');
  EXPECT_EQ(describe(archive({"a", large, "b", large}, {.bytes = 100})),
            "f0 1 0 20 0 a\nf1 100 33 45 20 xxxxxxxx\nf2 1 185 45 12 b\nf3 100 218 45 28 xxxxxxxx\n");
}

TEST(ZipWriter, PastTheLimitOfEntriesTheEndIsZip64) {
  const std::vector<std::string> contents(5, "x");
  const std::string plain = archive(contents, {}), large = archive(contents, {.entries = 5});
  EXPECT_EQ(describe(large), describe(plain));
  EXPECT_EQ(large.size(), plain.size() + 56 + 20);
  // 70,000 entries, past the format's own limit.
  const auto names = describe(archive(std::vector<std::string>(70'000, "x"), {}));
  EXPECT_EQ(std::count(names.begin(), names.end(), '\n'), 70'000);
}

}  // namespace
}  // namespace uvic

#include "io/npz.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/full_disk.h"
#include "support/python.h"

namespace uvic {
namespace {

using testing::fixture;
using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;

// Zips the .npy files a.npy and b.npy of a folder, by Python: stored or deflated, or as an archive of
// unknown length, which makes zipfile write ZIP64 records and sizes behind the data.
std::string zip_by_python(const TemporaryDirectory& directory, const std::string& kind) {
  const std::string path = (directory / (kind + ".npz")).string();
  testing::python(R"(
import sys, zipfile, os
folder, kind, path = sys.argv[1:]
method = zipfile.ZIP_DEFLATED if kind == "deflated" else zipfile.ZIP_STORED
with zipfile.ZipFile(path, "w", method) as z:
    for name in ("a.npy", "b.npy"):
        data = open(os.path.join(folder, name), "rb").read()
        with z.open(name, "w", force_zip64=kind == "zip64") as f: f.write(data)
    z.writestr("README.txt", "no array")
)",
                  {directory.path().string(), kind, path});
  return path;
}

TEST(Npz, ReadsWhatNumpyWrote) {
  const TensorMap stats = load_npz(fixture("fid_stats_A.npz"));
  ASSERT_EQ(stats.size(), 2U);
  EXPECT_EQ(stats.at("mu").sizes(), at::IntArrayRef({48}));
  EXPECT_EQ(stats.at("sigma").sizes(), at::IntArrayRef({48, 48}));
  EXPECT_EQ(stats.at("sigma").scalar_type(), at::kDouble);
  EXPECT_TRUE(at::allclose(stats.at("sigma"), stats.at("sigma").t()));
}

TEST(Npz, StoredDeflatedAndZip64) {
  const TemporaryDirectory directory;
  const at::Tensor a = at::arange(24, at::kLong).view({4, 2, 3}), b = at::arange(5, at::kByte);
  TensorMap whole = {{"a", a}, {"b", b}};
  save_npz(directory / "ours.npz", whole);
  testing::python("import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])",
                  {(directory / "ours.npz").string(), directory.path().string()});
  for (const char* kind : {"stored", "deflated", "zip64"}) {
    SCOPED_TRACE(kind);
    const TensorMap read = load_npz(zip_by_python(directory, kind));
    ASSERT_EQ(read.size(), 2U);
    EXPECT_TRUE(at::equal(read.at("a"), a));
    EXPECT_TRUE(at::equal(read.at("b"), b));
  }
}

TEST(Npz, WhatWeWriteIsReadByPython) {
  const TemporaryDirectory directory;
  save_npz(directory / "a.npz",
           {{"mu", at::tensor({1.5, -2.0}, at::kDouble)}, {"n", at::ones({1}, at::kByte)}});
  EXPECT_EQ(testing::python(R"(
import sys, zipfile, struct
z = zipfile.ZipFile(sys.argv[1])
print(z.testzip(), [(i.filename, i.compress_type, i.date_time) for i in z.infolist()])
data = z.read("mu.npy")
print(data[:10], data[10:60], struct.unpack("<2d", data[-16:]), len(data) % 64)
)",
                            {(directory / "a.npz").string()}),
            "None [('mu.npy', 0, (1980, 1, 1, 0, 0, 0)), ('n.npy', 0, (1980, 1, 1, 0, 0, 0))]\n"
            "b'\\x93NUMPY\\x01\\x00v\\x00' b\"{'descr': '<f8', 'fortran_order': False, 'shape': \" (1.5, "
            "-2.0) 16\n");
  save_npz(directory / "b.npz",
           {{"mu", at::tensor({1.5, -2.0}, at::kDouble)}, {"n", at::ones({1}, at::kByte)}});
  EXPECT_EQ(read_bytes(directory / "a.npz"), read_bytes(directory / "b.npz"));
}

TEST(Npz, RowsComeAFewAtATimeAndOnlyThatMuchIsRead) {
  const TemporaryDirectory directory;
  const at::Tensor rows = at::arange(70, at::kFloat).view({10, 7});
  save_npz(directory / "a.npz", {{"arr_0", rows}});
  const NpzFile file(directory / "a.npz");
  EXPECT_EQ(file.header("arr_0").shape, (std::vector<int64_t>{10, 7}));
  auto stream = file.rows("arr_0");
  EXPECT_TRUE(at::equal(stream.next(4), rows.narrow(0, 0, 4)));
  EXPECT_TRUE(at::equal(stream.next(6), rows.narrow(0, 4, 6)));
  EXPECT_THROW_WITH(stream.next(1), UsageError, "ends early");
}

TEST(Npz, ADamagedArrayIsNamed) {
  const TemporaryDirectory directory;
  save_npz(directory / "a.npz", {{"good", at::ones({3})}, {"mu", at::ones({300})}});
  std::string bytes = read_bytes(directory / "a.npz");
  bytes[bytes.size() - 400] ^= 1;  // in the data of mu, the last
  write_bytes(directory / "a.npz", bytes);
  const NpzFile file(directory / "a.npz");
  EXPECT_NO_THROW(file.load("good"));
  EXPECT_THROW_WITH(file.load("mu"), UsageError, "mu.npy: damaged: CRC error");
  auto rows = file.rows("mu");
  EXPECT_NO_THROW(rows.next(299));
  EXPECT_THROW_WITH(rows.next(1), UsageError, "CRC error");
}

TEST(Npz, WhatIsNoNpzIsRefused) {
  const TemporaryDirectory directory;
  EXPECT_THROW_WITH(NpzFile(directory / "absent.npz"), UsageError, "no such file");
  write_bytes(directory / "a.npz", "not a ZIP");
  EXPECT_THROW_WITH(NpzFile(directory / "a.npz"), UsageError, "a.npz: a text file, not a ZIP archive");
  save_npz(directory / "b.npz", {{"mu", at::ones({3})}});
  const std::string bytes = read_bytes(directory / "b.npz");
  for (const size_t length : {bytes.size() - 1, bytes.size() - 30, bytes.size() / 2, size_t{10}}) {
    write_bytes(directory / "a.npz", bytes.substr(0, length));
    SCOPED_TRACE(length);
    EXPECT_THROW_WITH(NpzFile(directory / "a.npz"), UsageError, "a.npz");
  }
  EXPECT_THROW_WITH(NpzFile(directory / "b.npz").load("sigma"), UsageError,
                    "has no array \"sigma\", only mu");
  testing::python("import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('a.txt', '')",
                  {(directory / "c.npz").string()});
  EXPECT_THROW_WITH(NpzFile(directory / "c.npz"), UsageError, "holds no .npy");
  testing::python("import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').writestr('a.npy', 'junkjunk')",
                  {(directory / "d.npz").string()});
  EXPECT_THROW_WITH(NpzFile(directory / "d.npz").load("a"), UsageError, "d.npz: a.npy: not a .npy file");
}

TEST(Npz, FullDisk) {
  const TemporaryDirectory directory;
  const testing::FullDisk disk(4096);
  EXPECT_THROW_WITH(save_npz(directory / "a.npz", {{"mu", at::ones({2000})}}), std::runtime_error,
                    "File too large");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace uvic

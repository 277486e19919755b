#include "io/npy.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/full_disk.h"
#include "support/support.h"

namespace uvic {
namespace {

using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;

/// A file of format 1.0 with this dictionary, as short as can be.
std::string npy_bytes(const std::string& dictionary, const std::string& data) {
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(dictionary.size()) + '\0' + dictionary +
         data;
}

TEST(Npy, HeaderIsWhatNumpyWrites) {
  const TemporaryDirectory directory;
  save_npy(directory / "a.npy", at::arange(6, at::kFloat).view({2, 3}));
  const std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
  const std::string expected = std::string("\x93NUMPY\x01\x00\x76\x00", 10) + dictionary +
                               std::string(118 - 1 - dictionary.size(), ' ') + '\n';
  const std::string bytes = read_bytes(directory / "a.npy");
  EXPECT_EQ(bytes.substr(0, 128), expected);
  const std::vector<float> values{0, 1, 2, 3, 4, 5};
  EXPECT_EQ(bytes.substr(128), std::string(reinterpret_cast<const char*>(values.data()), 24));
}

TEST(Npy, ShapesAndTypesInTheHeader) {
  const TemporaryDirectory directory;
  const auto header = [&](const at::Tensor& tensor) {
    save_npy(directory / "a.npy", tensor);
    const std::string bytes = read_bytes(directory / "a.npy");
    EXPECT_EQ((bytes.size() - tensor.nbytes()) % 64, 0u);
    return bytes;
  };
  EXPECT_NE(header(at::zeros({}, at::kDouble)).find("'<f8', 'fortran_order': False, 'shape': (), }"),
            std::string::npos);
  EXPECT_NE(header(at::zeros({7}, at::kLong)).find("'<i8', 'fortran_order': False, 'shape': (7,), }"),
            std::string::npos);
  EXPECT_NE(header(at::zeros({0, 2}, at::kByte)).find("'|u1', 'fortran_order': False, 'shape': (0, 2), }"),
            std::string::npos);
}

TEST(Npy, RoundTrip) {
  const TemporaryDirectory directory;
  const at::Tensor base = at::arange(24).view({2, 3, 4});
  for (const at::ScalarType dtype : {at::kFloat, at::kDouble, at::kLong, at::kInt, at::kByte}) {
    const at::Tensor whole = base.to(dtype);
    for (const at::Tensor& tensor : {whole, whole.transpose(0, 2), whole.select(1, 1), whole.slice(0, 1, 1),
                                     whole.select(0, 0).select(0, 0).select(0, 3)}) {
      save_npy(directory / "a.npy", tensor);
      const at::Tensor loaded = load_npy(directory / "a.npy");
      EXPECT_EQ(loaded.scalar_type(), dtype);
      EXPECT_TRUE(at::equal(loaded, tensor)) << dtype << tensor.sizes();
    }
  }
  EXPECT_THROW(save_npy(directory / "b.npy", base.to(at::kShort)), c10::Error);
}

TEST(Npy, ReadsOtherWritersPadding) {
  const TemporaryDirectory directory;
  write_bytes(directory / "a.npy",
              npy_bytes("{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }\n", "\x05\xff"));
  EXPECT_TRUE(at::equal(load_npy(directory / "a.npy"), at::tensor({5, 255}, at::kByte)));
}

TEST(Npy, FortranOrderComesOutInCOrder) {
  const TemporaryDirectory directory;
  write_bytes(directory / "a.npy",
              npy_bytes("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }\n", "\1\2\3\4\5\6"));
  EXPECT_TRUE(
      at::equal(load_npy(directory / "a.npy"), at::tensor({1, 3, 5, 2, 4, 6}, at::kByte).view({2, 3})));
}

TEST(Npy, TruncatedAnywhereOrTooLongIsAnError) {
  const TemporaryDirectory directory;
  save_npy(directory / "a.npy", at::ones({2, 3}));
  const std::string bytes = read_bytes(directory / "a.npy");
  for (size_t length = 0; length < bytes.size(); ++length) {
    SCOPED_TRACE(length);
    write_bytes(directory / "b.npy", bytes.substr(0, length));
    EXPECT_THROW_WITH(load_npy(directory / "b.npy"), UsageError, "b.npy");
  }
  write_bytes(directory / "b.npy", bytes + "x");
  EXPECT_THROW_WITH(load_npy(directory / "b.npy"), UsageError, "25 bytes of data");
}

TEST(Npy, MalformedHeaders) {
  const TemporaryDirectory directory;
  const auto expect_error = [&](const std::string& bytes, const std::string& text) {
    write_bytes(directory / "a.npy", bytes);
    EXPECT_THROW_WITH(load_npy(directory / "a.npy"), UsageError, text);
  };
  const auto with_shape = [](const std::string& shape) {
    return npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n", "abcd");
  };
  expect_error("PK\x03\x04 an .npz file", "not a .npy file");
  expect_error(npy_bytes("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }\n", "abcd"), "'>f4'");
  expect_error(npy_bytes("{'descr': '<f4', 'fortran_order': Yes, 'shape': (1,), }\n", "abcd"), "malformed");
  expect_error(npy_bytes("{'descr': '<f4", ""), "malformed");
  expect_error(npy_bytes("[]", ""), "malformed");
  for (const char* shape : {"(-1,)", "(1", "(1,) junk", "1", "(x,)", "(1 1)", "(99999999999999999999,)"}) {
    expect_error(with_shape(shape), "malformed");
  }
  expect_error(with_shape("(4611686018427387904, 4)"),
               "does not fit into memory");  // 2^64 floats wrap to 0 bytes
  expect_error(with_shape("(2,)"), "does not fit");
  EXPECT_THROW_WITH(load_npy(directory / "absent.npy"), UsageError, "No such file");
}

TEST(Npy, FullDisk) {
  const TemporaryDirectory directory;
  const testing::FullDisk disk(4096);
  EXPECT_THROW_WITH(save_npy(directory / "a.npy", at::ones({2000})), std::runtime_error, "File too large");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace uvic

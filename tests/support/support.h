// What the tests share: where things are, temporary folders, tensor comparison.
#pragma once
#include <ATen/ATen.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/paths.h"

namespace uvic::testing {

/// A file of tests/fixtures.
inline std::filesystem::path fixture(const std::string& name) {
  return std::filesystem::path(UVIC_FIXTURES) / name;
}
/// One of the executables.
inline std::filesystem::path bin(const std::string& name) {
  return std::filesystem::path(UVIC_BIN) / name;
}

/// A fresh folder, removed at the end of the scope.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "uvic-test-XXXXXX").string();
    TORCH_CHECK(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  TORCH_CHECK(file.is_open(), "cannot open ", path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_bytes(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// ||a - b||2 / ||b||2 in float64: "relative" everywhere in the golden data. A zero reference asks for an
/// exact zero.
inline double relative_error(const at::Tensor& a, const at::Tensor& b) {
  TORCH_CHECK(a.sizes() == b.sizes(), a.sizes(), " against ", b.sizes());
  const auto reference = b.to(at::kDouble), difference = a.to(at::kDouble) - reference;
  const double norm = reference.norm().item<double>(), error = difference.norm().item<double>();
  return norm > 0 ? error / norm : (error == 0 ? 0.0 : INFINITY);
}

inline double max_abs_error(const at::Tensor& a, const at::Tensor& b) {
  TORCH_CHECK(a.sizes() == b.sizes(), a.sizes(), " against ", b.sizes());
  return a.numel() == 0 ? 0.0 : (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

}  // namespace uvic::testing

/// EXPECT that `statement` throws `type` with `text` in its message.
#define EXPECT_THROW_WITH(statement, type, text)                                        \
  try {                                                                                 \
    statement;                                                                          \
    ADD_FAILURE() << "nothing was thrown";                                              \
  } catch (const type& error) {                                                         \
    EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what(); \
  }

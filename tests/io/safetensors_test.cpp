#include "io/safetensors.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "io/full_disk.h"
#include "support/support.h"

namespace uvic {
namespace {

using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;
using Metadata = std::map<std::string, std::string>;

std::string u64(uint64_t value) {
  return {reinterpret_cast<const char*>(&value), 8};
}

/// A file with this header and these data.
std::string file_bytes(const std::string& header, const std::string& data) {
  return u64(header.size()) + header + data;
}

void expect_equal(const TensorMap& loaded, const TensorMap& saved) {
  ASSERT_EQ(loaded.size(), saved.size());
  for (const auto& [name, tensor] : saved) {
    ASSERT_EQ(loaded.count(name), 1u) << name;
    EXPECT_EQ(loaded.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_EQ(loaded.at(name).sizes(), tensor.sizes()) << name;
    EXPECT_TRUE(loaded.at(name).is_contiguous()) << name;
    EXPECT_TRUE(at::equal(loaded.at(name), tensor)) << name;
  }
}

TEST(Safetensors, RoundTripOfEveryTypeStridedEmptyAndScalar) {
  const TemporaryDirectory directory;
  const at::Tensor base = at::arange(-12, 12).view({2, 3, 4});
  for (const at::ScalarType dtype : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                                     at::kShort, at::kChar, at::kByte, at::kBool}) {
    const at::Tensor whole = base.to(dtype);
    const TensorMap tensors{{"whole", whole},
                            {"strided", whole.transpose(0, 2)},
                            {"slice", whole.slice(2, 1, 4, 2)},
                            {"expanded", whole.select(2, 0).unsqueeze(0).expand({5, 2, 3})},
                            {"empty", whole.slice(0, 0, 0)},
                            {"scalar", whole.select(0, 1).select(0, 1).select(0, 1)}};
    save_safetensors(directory / "a.safetensors", tensors, {{"dtype", "this"}});
    const SafeTensors loaded = load_safetensors(directory / "a.safetensors");
    expect_equal(loaded.tensors, tensors);
    EXPECT_EQ(loaded.metadata, (Metadata{{"dtype", "this"}}));
  }
}

TEST(Safetensors, RoundTripOfMixedTypesIsAligned) {
  const TemporaryDirectory directory;
  const TensorMap tensors{{"a", at::ones({3}, at::kByte)},
                          {"b", at::arange(5, at::kDouble)},
                          {"c", at::ones({1}, at::kHalf)},
                          {"d", at::arange(3, at::kFloat).requires_grad_()},
                          {"name \"with\" \\ and \xc3\xa9", at::zeros({2, 0}, at::kLong)}};
  save_safetensors(directory / "a.safetensors", tensors);
  expect_equal(load_safetensors(directory / "a.safetensors").tensors, tensors);
  const std::string bytes = read_bytes(directory / "a.safetensors");
  EXPECT_NE(bytes.find(R"("a":{"dtype":"U8","shape":[3],"data_offsets":[54,57]})"), std::string::npos);
  EXPECT_NE(bytes.find(R"("b":{"dtype":"F64","shape":[5],"data_offsets":[0,40]})"), std::string::npos);
}

TEST(Safetensors, NothingAtAll) {
  const TemporaryDirectory directory;
  save_safetensors(directory / "a.safetensors", {});
  EXPECT_EQ(read_bytes(directory / "a.safetensors"), file_bytes("{}      ", ""));
  EXPECT_TRUE(load_safetensors(directory / "a.safetensors").tensors.empty());
}

TEST(Safetensors, BytesAreExactlyThese) {
  const TemporaryDirectory directory;
  const TensorMap tensors{{"b", at::full({2}, 1, at::kByte)}, {"A", at::full({}, 258, at::kShort)}};
  const Metadata metadata{{"z", "1"}, {"k", "v\n"}};
  const std::string header =
      R"({"__metadata__":{"k":"v\n","z":"1"},)"
      R"("A":{"dtype":"I16","shape":[],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  for (int repeat = 0; repeat < 2; ++repeat) {
    save_safetensors(directory / "a.safetensors", tensors, metadata);
    EXPECT_EQ(read_bytes(directory / "a.safetensors"), file_bytes(padded, "\x02\x01\x01\x01"));
  }
}

TEST(Safetensors, ReadsAHeaderBuiltByHand) {
  const TemporaryDirectory directory;
  const float values[] = {1.5f, -2.0f};
  // Names out of order, white space, data in another order than the header.
  const std::string header = R"(  {"x" : {"shape":[1,2], "dtype":"F32", "data_offsets":[1, 9]},
      "__metadata__": {"format":"pt"}, "none": {"dtype":"I64","shape":[0],"data_offsets":[9,9]},
      "flag": {"dtype":"BOOL","shape":[],"data_offsets":[0,1]}}   )";
  write_bytes(directory / "a.safetensors",
              file_bytes(header, "\x01" + std::string(reinterpret_cast<const char*>(values), 8)));
  const SafeTensors loaded = load_safetensors(directory / "a.safetensors");
  expect_equal(loaded.tensors, {{"x", at::tensor({1.5f, -2.0f}).view({1, 2})},
                                {"none", at::zeros({0}, at::kLong)},
                                {"flag", at::ones({}, at::kBool)}});
  EXPECT_EQ(loaded.metadata, (Metadata{{"format", "pt"}}));
  EXPECT_EQ(load_safetensors_metadata(directory / "a.safetensors"), loaded.metadata);
}

TEST(Safetensors, TruncatedAtAnyLengthOrTooLongIsAnError) {
  const TemporaryDirectory directory;
  save_safetensors(directory / "a.safetensors", {{"w", at::ones({2, 3})}, {"b", at::ones({3}, at::kHalf)}},
                   {{"k", "v"}});
  const std::string bytes = read_bytes(directory / "a.safetensors");
  for (size_t length = 0; length < bytes.size(); ++length) {
    SCOPED_TRACE(length);
    write_bytes(directory / "b.safetensors", bytes.substr(0, length));
    EXPECT_THROW_WITH(load_safetensors(directory / "b.safetensors"), UsageError, "b.safetensors");
    EXPECT_THROW_WITH(load_safetensors_metadata(directory / "b.safetensors"), UsageError, "truncated");
  }
  write_bytes(directory / "b.safetensors", bytes + "x");
  EXPECT_THROW_WITH(load_safetensors(directory / "b.safetensors"), UsageError, "1 bytes belong to no tensor");
}

TEST(Safetensors, ErrorsNameTheFileAndTheTensor) {
  const TemporaryDirectory directory;
  const auto expect_error = [&](const std::string& fields, const std::string& text, size_t data_bytes = 8) {
    const std::string header =
        R"({"fine":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"w":)" + fields + "}";
    write_bytes(directory / "a.safetensors", file_bytes(header, std::string(data_bytes, 'x')));
    EXPECT_THROW_WITH(load_safetensors(directory / "a.safetensors"), UsageError,
                      "a.safetensors: tensor \"w\"");
    EXPECT_THROW_WITH(load_safetensors_metadata(directory / "a.safetensors"), UsageError, text);
  };
  expect_error("3", "dtype is missing");
  expect_error(R"({"dtype":"U8","data_offsets":[2,8]})", "shape is missing");
  expect_error(R"({"dtype":"U8","shape":[6]})", "data_offsets is missing");
  expect_error(R"({"dtype":"F8_E4M3","shape":[6],"data_offsets":[2,8]})",
               "dtype \"F8_E4M3\" is not one of F64");
  expect_error(R"({"dtype":5,"shape":[6],"data_offsets":[2,8]})", "dtype 5");
  expect_error(R"({"dtype":"U8","shape":6,"data_offsets":[2,8]})", "shape 6 is not a list of sizes");
  expect_error(R"({"dtype":"U8","shape":[-6],"data_offsets":[2,8]})", "shape [-6]");
  expect_error(R"({"dtype":"U8","shape":[6.0],"data_offsets":[2,8]})", "shape [6.0]");
  expect_error(R"({"dtype":"U8","shape":["6"],"data_offsets":[2,8]})", "shape [\"6\"]");
  expect_error(R"({"dtype":"U8","shape":[6],"data_offsets":[2]})", "data_offsets [2]");
  expect_error(R"({"dtype":"U8","shape":[6],"data_offsets":[2,8,9]})", "data_offsets [2,8,9]");
  expect_error(R"({"dtype":"U8","shape":[6],"data_offsets":[-2,4]})", "data_offsets [-2,4]");
  expect_error(R"({"dtype":"U8","shape":[6],"data_offsets":[2,18446744073709551615]})", "data_offsets");
  expect_error(R"({"dtype":"U8","shape":[5],"data_offsets":[2,8]})", "disagree with shape [5] of U8");
  expect_error(R"({"dtype":"F32","shape":[6],"data_offsets":[2,8]})", "disagree with shape [6] of F32");
  expect_error(R"({"dtype":"U8","shape":[6],"data_offsets":[8,2]})", "disagree");
  // Products that wrap to the stored size.
  expect_error(R"({"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[2,2]})", "disagree", 2);
  expect_error(R"({"dtype":"F64","shape":[2305843009213693952],"data_offsets":[2,2]})", "disagree", 2);
  expect_error(R"({"dtype":"U8","shape":[0,9223372036854775807,9],"data_offsets":[2,2]})", "disagree", 2);
  // Overlap, gap, out of range.
  expect_error(R"({"dtype":"U8","shape":[6],"data_offsets":[1,7]})", "start at byte 1, but", 7);
  expect_error(R"({"dtype":"U8","shape":[6],"data_offsets":[3,9]})", "start at byte 3, but", 9);
  expect_error(R"({"dtype":"U8","shape":[7],"data_offsets":[2,9]})", "end at byte 9 of 8");
}

TEST(Safetensors, MalformedHeaders) {
  const TemporaryDirectory directory;
  const auto expect_error = [&](const std::string& bytes, const std::string& text) {
    write_bytes(directory / "a.safetensors", bytes);
    EXPECT_THROW_WITH(load_safetensors(directory / "a.safetensors"), UsageError, "a.safetensors");
    EXPECT_THROW_WITH(load_safetensors(directory / "a.safetensors"), UsageError, text);
  };
  const std::string entry = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  expect_error(u64(1) + "", "truncated");
  expect_error(u64(~uint64_t{0}) + "{}", "18446744073709551615 bytes");
  expect_error(u64(uint64_t{1} << 40) + "{}", "1099511627776 bytes, the file has 10");
  expect_error(file_bytes("", ""), "damaged: it begins with zeros alone (8 bytes)");
  expect_error(std::string(2000, '\0'), "damaged: it begins with zeros alone (2000 bytes)");
  expect_error(file_bytes("{\"w\":", ""),
               "damaged, or not a safetensors file: its header is not valid JSON at byte 14");
  expect_error(file_bytes("{} {}", ""), "not valid JSON");
  expect_error(file_bytes("{\"w\xff\":1}", ""), "not valid JSON");
  expect_error(file_bytes(std::string(100'000, '['), ""), "not valid JSON");
  expect_error(file_bytes("[]", ""), "not a JSON object");
  expect_error(file_bytes("{\"w\":" + entry + ",\"w\":" + entry + "}", "x"), "\"w\" appears twice");
  expect_error(file_bytes(R"({"w":{"dtype":"U8","dtype":"I8","shape":[1],"data_offsets":[0,1]}})", "x"),
               "\"dtype\" appears twice");
  expect_error(file_bytes(R"({"__metadata__":3})", ""), "__metadata__ is not");
  expect_error(file_bytes(R"({"__metadata__":{"step":3}})", ""), "\"step\" is not a string");
  expect_error("PK\x03\x04 a .pth file, which is a zip archive", "not a safetensors file");
}

TEST(Safetensors, FilesThatCannotBeRead) {
  const TemporaryDirectory directory;
  EXPECT_THROW_WITH(load_safetensors(directory / "absent"), UsageError,
                    "absent: cannot read this file: No such file");
  EXPECT_THROW_WITH(load_safetensors(directory.path()), UsageError, "Is a directory");
}

TEST(Safetensors, RefusesWhatTheFormatCannotHold) {
  const TemporaryDirectory directory;
  EXPECT_THROW_WITH(save_safetensors(directory / "a", {{"w", at::zeros({2}, at::kComplexFloat)}}), c10::Error,
                    "w");
  EXPECT_THROW(save_safetensors(directory / "a", {{"__metadata__", at::zeros({2})}}), c10::Error);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(Safetensors, FullDiskKeepsTheOldFile) {
  const TemporaryDirectory directory;
  const TensorMap tensors{{"w", at::ones({3})}};
  save_safetensors(directory / "a.safetensors", tensors);
  {
    const testing::FullDisk disk(8192);
    EXPECT_THROW_WITH(save_safetensors(directory / "a.safetensors", {{"w", at::ones({100'000})}}),
                      std::runtime_error, "a.safetensors: File too large");
  }
  expect_equal(load_safetensors(directory / "a.safetensors").tensors, tensors);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

}  // namespace
}  // namespace uvic

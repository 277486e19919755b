#include "data/tokens.h"

#include <gtest/gtest.h>

#include <fstream>
#include <numeric>

#include "core/errors.h"
#include "io/npy.h"
#include "io/safetensors.h"
#include "support/support.h"

namespace uvic {
namespace {

using testing::read_bytes;
using testing::TemporaryDirectory;
using testing::write_bytes;
using Metadata = std::map<std::string, std::string>;

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string llmc_header(int32_t magic, int32_t version, int32_t count) {
  std::vector<int32_t> header(256);
  header[0] = magic;
  header[1] = version;
  header[2] = count;
  return raw(header);
}

at::Tensor uint16(const std::vector<int64_t>& values) {
  return at::tensor(values).to(at::kUInt16);
}

std::unique_ptr<TokenFile> open_train(const std::filesystem::path& path) {
  return open_tokens(path, TokenSplit::kTrain);
}

TEST(Tokens, OfLlmcForGpt2) {
  const TemporaryDirectory directory;
  const auto path = directory / "tiny_train.bin";
  write_bytes(path, llmc_header(20240520, 1, 4) + raw<uint16_t>({50256, 0, 65535, 7}));
  const auto tokens = open_train(path);
  EXPECT_EQ(tokens->info().kind, "llm.c (GPT-2)");
  EXPECT_EQ(tokens->size(), 4);
  EXPECT_TRUE(at::equal(tokens->read(0, 4), at::tensor({50256L, 0L, 65535L, 7L})));
  EXPECT_TRUE(at::equal(tokens->read(1, 2), at::tensor({0L, 65535L})));
  EXPECT_EQ(tokens->read(4, 0).numel(), 0);
  EXPECT_EQ(tokens->largest_token(), 65535);
  EXPECT_EQ(tokens->name(), path.string());
  EXPECT_EQ(tokens->info().vocab_size, 0);
  EXPECT_EQ(tokens->info().text_bytes, -1);
  EXPECT_TRUE(tokens->documents().empty());
  EXPECT_EQ(open_tokens(path, TokenSplit::kHeldOut), nullptr);
  EXPECT_THROW(tokens->read(3, 2), c10::Error);
  EXPECT_THROW(tokens->read(-1, 1), c10::Error);
}

TEST(Tokens, OfLlmcForLlama3) {
  const TemporaryDirectory directory;
  write_bytes(directory / "a.bin", llmc_header(20240801, 7, 3) + raw<uint32_t>({128000, 4000000000, 1}));
  const auto tokens = open_train(directory / "a.bin");
  EXPECT_EQ(tokens->info().kind, "llm.c (Llama 3)");
  EXPECT_TRUE(at::equal(tokens->read(0, 3), at::tensor({128000L, 4000000000L, 1L})));
}

TEST(Tokens, LlmcHeadersThatDoNotFit) {
  const TemporaryDirectory directory;
  const auto expect_error = [&](const std::string& bytes, const std::string& message) {
    write_bytes(directory / "a.bin", bytes);
    EXPECT_THROW_WITH(open_train(directory / "a.bin"), UsageError, message);
    EXPECT_THROW_WITH(open_train(directory / "a.bin"), UsageError, "a.bin");
  };
  const std::string four = raw<uint16_t>({1, 2, 3, 4});
  expect_error(llmc_header(20240520, 1, 5) + four, "its header counts 5 tokens, the file has 4");
  expect_error(llmc_header(20240520, 1, 3) + four, "its header counts 3 tokens, the file has 4");
  expect_error(llmc_header(20240520, 1, 4) + four + "x", "the file has 4.5");
  expect_error(llmc_header(20240520, 1, -4) + four, "its header counts -4");
  expect_error(llmc_header(20240520, 2, 4) + four, "version 2 is not read, only 1");
  expect_error(llmc_header(20240801, 1, 4) + four, "version 1 is not read, only 7");
  expect_error(llmc_header(20240801, 7, 4) + four, "its header counts 4 tokens, the file has 2");
  expect_error(llmc_header(20240520, 1, 4).substr(0, 100), "truncated in its header (100 bytes of 1024)");
  expect_error(llmc_header(20240520, 1, 0), "holds no tokens");
  expect_error(llmc_header(20240522, 1, 4) + four, "multiple-choice questions");
}

TEST(Tokens, OfNanoGpt) {
  const TemporaryDirectory directory;
  write_bytes(directory / "train.bin", raw<uint16_t>({1, 2, 50256, 3}));
  write_bytes(directory / "val.bin", raw<uint16_t>({9, 8}));
  const auto tokens = open_train(directory / "train.bin");
  EXPECT_EQ(tokens->info().kind, "nanoGPT");
  EXPECT_TRUE(at::equal(tokens->read(0, 4), at::tensor({1L, 2L, 50256L, 3L})));
  // The folder as a whole.
  EXPECT_EQ(open_train(directory.path())->size(), 4);
  EXPECT_TRUE(
      at::equal(open_tokens(directory.path(), TokenSplit::kHeldOut)->read(0, 2), at::tensor({9L, 8L})));
  std::filesystem::remove(directory / "val.bin");
  EXPECT_EQ(open_tokens(directory.path(), TokenSplit::kHeldOut), nullptr);
  std::filesystem::remove(directory / "train.bin");
  EXPECT_THROW_WITH(open_train(directory.path()), UsageError, "a folder without a train.bin");
}

TEST(Tokens, NanoGptsFilesMayBeginWithAnything) {
  const TemporaryDirectory directory;
  // Two bytes of a gzip, a pickle, a JPEG XL; and what could be a safetensors file's length and brace.
  for (const std::vector<uint16_t>& tokens :
       {std::vector<uint16_t>{0x8B1F, 7, 8}, {0x0280, 7, 8}, {0x0AFF, 7, 8}, {7, 8, 9, 10, '{', 12}}) {
    write_bytes(directory / "a.bin", raw(tokens));
    EXPECT_EQ(open_train(directory / "a.bin")->size(), int64_t(tokens.size()));
  }
}

TEST(Tokens, WhatIsNoFileOfTokens) {
  const TemporaryDirectory directory;
  const auto expect_error = [&](const char* name, const std::string& bytes, const std::string& message) {
    write_bytes(directory / name, bytes);
    EXPECT_THROW_WITH(open_train(directory / name), UsageError, message);
  };
  expect_error("a.bin", "", "a.bin: is empty");
  expect_error("a.tokens", "", "a.tokens: is empty");
  expect_error("a.bin", "abc\x01\x02", "has an odd number of bytes, 5");
  expect_error("a.bin", "plain words, of which there are more", "a text file, not a file of tokens");
  expect_error("pytorch_model.bin", std::string("PK\x03\x04\0\0\0\0", 8),
               "a ZIP archive, not a file of tokens");
  expect_error("a.dat", raw<uint16_t>({1, 2, 3, 4}), "not a file of tokens");
  expect_error("a.txt", "words", "a text file, not a file of tokens");
  expect_error("a.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 100\n",
               "Git LFS pointer");
  EXPECT_THROW_WITH(open_train(directory / "absent.bin"), UsageError, "cannot read this file: No such file");
}

TEST(Tokens, OfNumPy) {
  const TemporaryDirectory directory;
  const at::Tensor values = at::arange(12) * 1000;
  for (const at::ScalarType dtype : {at::kLong, at::kInt}) {
    for (const at::Tensor& tensor : {values.to(dtype), values.to(dtype).view({3, 4})}) {
      save_npy(directory / "a.npy", tensor);
      const auto tokens = open_train(directory / "a.npy");
      EXPECT_EQ(tokens->info().kind, ".npy");
      EXPECT_TRUE(at::equal(tokens->read(0, 12), values));
      EXPECT_TRUE(at::equal(tokens->read(5, 3), values.slice(0, 5, 8)));
    }
  }
  const std::string header = "{'descr': '<u2', 'fortran_order': False, 'shape': (3,), }\n";
  const std::string u2 = std::string("\x93NUMPY\x01\x00", 8) + char(header.size()) + '\0' + header;
  write_bytes(directory / "u2.npy", u2 + raw<uint16_t>({1, 65535, 3}));
  EXPECT_TRUE(at::equal(open_train(directory / "u2.npy")->read(0, 3), at::tensor({1L, 65535L, 3L})));
  write_bytes(directory / "u2.npy", u2 + raw<uint16_t>({1, 65535}));
  EXPECT_THROW_WITH(open_train(directory / "u2.npy"), UsageError, "the file may be truncated");
  write_bytes(directory / "u2.npy", u2.substr(0, 20));
  EXPECT_THROW_WITH(open_train(directory / "u2.npy"), UsageError, "u2.npy: truncated in its header");
  save_npy(directory / "a.npy", at::ones({4}));
  EXPECT_THROW_WITH(open_train(directory / "a.npy"), UsageError, "tokens are whole numbers, not float32");
  save_npy(directory / "a.npy", values.view({2, 2, 3}));
  EXPECT_THROW_WITH(open_train(directory / "a.npy"), UsageError, "tokens are [n] or, in C order, [B, T]");
}

/// A pack as another program would make it.
void save_pack(const std::filesystem::path& path, const TensorMap& tensors, const Metadata& metadata = {}) {
  save_safetensors(path, tensors, metadata);
}

TEST(Tokens, OfAPack) {
  const TemporaryDirectory directory;
  save_pack(directory / "a.tokens",
            {{"tokens", uint16({1, 5, 6, 1, 7})},
             {"tokens.documents", at::tensor({0L, 3L})},
             {"held_out", uint16({1, 9})},
             {"held_out.documents", at::tensor({0L})}},
            {{"uvic.tokenizer", "bytes"},
             {"uvic.tokenizer_hash", "abc"},
             {"uvic.vocab_size", "259"},
             {"uvic.bos", "1"},
             {"uvic.bytes", "30"},
             {"uvic.held_out_bytes", "4"}});
  const auto train = open_train(directory / "a.tokens");
  EXPECT_EQ(train->info().kind, "token pack");
  EXPECT_EQ(train->info().tokenizer, "bytes");
  EXPECT_EQ(train->info().tokenizer_hash, "abc");
  EXPECT_EQ(train->info().vocab_size, 259);
  EXPECT_EQ(train->info().bos, 1);
  EXPECT_EQ(train->info().text_bytes, 30);
  EXPECT_TRUE(at::equal(train->read(0, 5), at::tensor({1L, 5L, 6L, 1L, 7L})));
  EXPECT_EQ(std::vector<int64_t>(train->documents().begin(), train->documents().end()),
            (std::vector<int64_t>{0, 3}));
  const auto held_out = open_tokens(directory / "a.tokens", TokenSplit::kHeldOut);
  EXPECT_TRUE(at::equal(held_out->read(0, 2), at::tensor({1L, 9L})));
  EXPECT_EQ(held_out->name(), (directory / "a.tokens").string() + " (held out)");
  EXPECT_EQ(held_out->info().text_bytes, 4);
  EXPECT_NE(held_out->identity(), train->identity());
}

TEST(Tokens, OfABarePackOfAnyWidth) {
  const TemporaryDirectory directory;
  for (const at::ScalarType dtype : {at::kByte, at::kUInt16, at::kUInt32, at::kInt, at::kLong}) {
    save_pack(directory / "a.bin", {{"tokens", at::tensor({1, 200, 3}).to(dtype)}});
    const auto tokens = open_train(directory / "a.bin");
    EXPECT_TRUE(at::equal(tokens->read(0, 3), at::tensor({1L, 200L, 3L})));
    EXPECT_EQ(tokens->info().vocab_size, 0);
    EXPECT_EQ(open_tokens(directory / "a.bin", TokenSplit::kHeldOut), nullptr);
    tokens->check_undamaged();  // there is nothing to compare with
  }
}

TEST(Tokens, PacksThatAreMalformed) {
  const TemporaryDirectory directory;
  const auto expect_error = [&](const TensorMap& tensors, const Metadata& metadata,
                                const std::string& message) {
    save_pack(directory / "a.tokens", tensors, metadata);
    EXPECT_THROW_WITH(open_train(directory / "a.tokens"), UsageError, message);
  };
  const at::Tensor tokens = uint16({1, 2, 3});
  expect_error({{"w", tokens}}, {}, "not of tokens: it has no tensor \"tokens\"");
  expect_error({{"tokens", at::ones({3})}}, {}, "must be whole numbers [n], is float32 [3]");
  expect_error({{"tokens", tokens.view({1, 3})}}, {}, "is uint16 [1, 3]");
  expect_error({{"tokens", tokens.slice(0, 0, 0)}}, {}, "holds no tokens");
  expect_error({{"tokens", tokens}}, {{"uvic.bos", "one"}}, "metadata uvic.bos: 'one' is not a whole number");
  expect_error({{"tokens", tokens}, {"tokens.documents", at::tensor({0, 1}, at::kInt)}}, {},
               "must be int64 [n]");
  expect_error({{"tokens", tokens}, {"tokens.documents", at::tensor({1L, 2L})}}, {},
               "does not fit the 3 tokens");
  expect_error({{"tokens", tokens}, {"tokens.documents", at::tensor({0L, 3L})}}, {},
               "does not fit the 3 tokens");
  save_pack(directory / "a.tokens", {{"tokens", tokens}});
  const std::string bytes = read_bytes(directory / "a.tokens");
  for (size_t length = 0; length < bytes.size(); ++length) {
    SCOPED_TRACE(length);
    write_bytes(directory / "a.tokens", bytes.substr(0, length));
    EXPECT_THROW_WITH(open_train(directory / "a.tokens"), UsageError, "a.tokens");
  }
}

TEST(Tokens, TokensOutsideTheVocabularyAreNamed) {
  const TemporaryDirectory directory;
  std::vector<uint16_t> values(200'000, 5);
  values[150'000] = 300;
  values[160'000] = 400;
  write_bytes(directory / "a.bin", raw(values));
  const auto tokens = open_train(directory / "a.bin");
  tokens->check_tokens(401);
  EXPECT_EQ(tokens->largest_token(), 400);
  EXPECT_THROW_WITH(tokens->check_tokens(259), UsageError,
                    "a.bin: token 300 at position 150000 is outside the vocabulary, 0 to 258");
  save_npy(directory / "a.npy", at::tensor({1L, -1L}));
  EXPECT_THROW_WITH(open_train(directory / "a.npy")->check_tokens(259), UsageError, "token -1 at position 1");
}

TEST(Tokens, IdentityTellsContentNotPlace) {
  const TemporaryDirectory directory;
  write_bytes(directory / "a.bin", raw<uint16_t>({1, 2, 3}));
  write_bytes(directory / "b.bin", raw<uint16_t>({1, 2, 3}));
  write_bytes(directory / "c.bin", raw<uint16_t>({1, 2, 4}));
  const auto identity = [&](const char* name) { return open_train(directory / name)->identity(); };
  EXPECT_EQ(identity("a.bin"), identity("b.bin"));
  EXPECT_NE(identity("a.bin"), identity("c.bin"));
  EXPECT_TRUE(identity("a.bin").starts_with("3 tokens, crc32 ")) << identity("a.bin");
}

TEST(Tokens, IdentityOfALargeFileLooksAtItsBeginningAndItsEnd) {
  const TemporaryDirectory directory;
  const auto path = directory / "large.bin";
  const auto with = [&](uint64_t place, char value) {  // sparse: 70 MB that take no room
    std::ofstream(path, std::ios::binary).close();
    std::filesystem::resize_file(path, 70'000'000);
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(std::streamoff(place));
    file.put(value);
    file.close();
    return open_train(path)->identity();
  };
  const std::string zeros = with(0, 0);
  EXPECT_NE(with(0, 1), zeros);
  EXPECT_NE(with(69'999'999, 1), zeros);
  EXPECT_EQ(with(35'000'000, 0), zeros);
}

}  // namespace
}  // namespace uvic

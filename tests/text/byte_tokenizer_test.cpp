#include "text/byte_tokenizer.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/text_files.h"

namespace uvic {
namespace {

TEST(ByteTokenizer, ByteIsItsNumberAndThree) {
  const auto bytes = open_tokenizer("bytes");
  EXPECT_EQ(bytes->name(), "bytes");
  EXPECT_EQ(bytes->vocab_size(), 259);
  EXPECT_EQ(bytes->bos(), 1);
  EXPECT_EQ(bytes->eos(), 2);
  EXPECT_FALSE(bytes->needs_utf8());
  EXPECT_EQ(bytes->encode("A\n\xFF"), (std::vector<int64_t>{68, 13, 258}));
  EXPECT_EQ(bytes->encode(""), std::vector<int64_t>{});
}

TEST(ByteTokenizer, AllBytesComeBack) {
  const auto bytes = open_tokenizer("bytes");
  std::string all;
  for (int i = 0; i < 512; ++i) all += static_cast<char>(i * 7);
  const auto tokens = bytes->encode(all);
  EXPECT_EQ(bytes->decode(tokens), all);
  for (const int64_t token : tokens) {
    EXPECT_GE(token, 3);
    EXPECT_LT(token, 259);
  }
}

TEST(ByteTokenizer, SpecialTokensGiveNothing) {
  const auto bytes = open_tokenizer("bytes");
  EXPECT_EQ(bytes->decode(std::vector<int64_t>{1, 68, 0, 69, 2}), "AB");
  EXPECT_THROW_WITH(bytes->piece(259), UsageError, "token 259 is outside the vocabulary, 0 to 258");
  EXPECT_THROW_WITH(bytes->piece(-1), UsageError, "token -1");
}

TEST(ByteTokenizer, HasAFingerprint) {
  // printf bytes | sha256sum
  EXPECT_EQ(open_tokenizer("bytes")->fingerprint(),
            "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9");
}

}  // namespace
}  // namespace uvic

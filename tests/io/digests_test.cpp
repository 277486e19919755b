#include "io/digests.h"

#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/bytes_read.h"
#include "support/python.h"

namespace uvic {
namespace {

using namespace testing;

TEST(Sha256, TestVectorsWhateverThePieces) {  // FIPS 180-2, B.1 and B.2
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  const std::string digest = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
  for (const size_t first : {size_t{0}, size_t{7}, text.size()}) {
    Sha256 hash;
    hash.add(text.substr(0, first));
    hash.add(text.substr(first));
    EXPECT_EQ(hash.hex(), digest);
  }
  EXPECT_EQ(Sha256().hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(FileDigests, EqualPythonsAndReadTheFileOnce) {
  const TemporaryDirectory directory;
  const auto file = directory / "a";
  const int64_t size = 3'000'000;  // of three buffers and no whole number of them
  write_bytes(file, std::string(size_t(size), 'x') + "tail");
  FileDigests digests;
  const int64_t read = bytes_read([&] { digests = file_digests(file); });
  EXPECT_LT(read, size + 10'000);
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x", digests.crc32);
  EXPECT_EQ(digests.sha256 + " " + crc + "\n",
            python("import hashlib, sys, zlib\n"
                   "b = open(sys.argv[1], 'rb').read()\n"
                   "print(hashlib.sha256(b).hexdigest(), '%08x' % zlib.crc32(b))",
                   {file.string()}));
  EXPECT_THROW_WITH(file_digests(directory / "absent"), UsageError, "absent: cannot read this file: No such");
}

}  // namespace
}  // namespace uvic

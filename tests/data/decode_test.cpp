#include "data/decode.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "core/errors.h"
#include "data/image_header.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace uvic::testing;
namespace fs = std::filesystem;

std::array<int, 3> rgb_at(const Pixels& image, int x, int y) {
  const uint8_t* pixel = image.row(y) + x * 3;
  return {pixel[0], pixel[1], pixel[2]};
}

std::string big32(uint32_t value) {
  return {char(value >> 24), char(value >> 16), char(value >> 8), char(value)};
}

/// `png` with one more chunk before its IDAT.
std::string with_chunk(const std::string& png, const std::string& type, const std::string& data) {
  const std::string covered = type + data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(covered.data()), unsigned(covered.size()));
  const size_t place = png.find("IDAT") - 4;
  return png.substr(0, place) + big32(uint32_t(data.size())) + covered + big32(uint32_t(crc)) +
         png.substr(place);
}

/// A TIFF block that holds the orientation alone.
std::string exif(int orientation, bool big_endian) {
  if (big_endian)
    return std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) + char(orientation) +
           std::string(6, '\0');
  return std::string("II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) + char(orientation) +
         std::string(7, '\0');
}

class Decode : public ::testing::Test {
 protected:
  fs::path file(const std::string& name, const std::string& bytes) const {
    write_bytes(folder_ / name, bytes);
    return folder_ / name;
  }
  std::string encoded(const std::string& ending, const cv::Mat& image) const {
    std::vector<uint8_t> bytes;
    TORCH_CHECK(cv::imencode(ending, image, bytes));
    return {bytes.begin(), bytes.end()};
  }
  void refuse(const std::string& name, const std::string& bytes, const std::string& text) const {
    const fs::path path = file(name, bytes);
    EXPECT_THROW_WITH(decode_image(path, {}), UsageError, path.string() + ": " + text);
  }
  TemporaryDirectory folder_;
};

// 2 x 3 pixels, stored rows (a b) (c d) (e f): where each orientation puts them, by the EXIF standard's
// words.
TEST_F(Decode, TurnsAsExifSays) {
  const std::map<int, std::vector<std::string>> expected = {
      {1, {"ab", "cd", "ef"}}, {2, {"ba", "dc", "fe"}}, {3, {"fe", "dc", "ba"}}, {4, {"ef", "cd", "ab"}},
      {5, {"ace", "bdf"}},     {6, {"eca", "fdb"}},     {7, {"fdb", "eca"}},     {8, {"bdf", "ace"}}};
  cv::Mat stored(3, 2, CV_8UC1);
  for (int i = 0; i < 6; ++i) stored.at<uint8_t>(i / 2, i % 2) = uint8_t('a' + i);
  const std::string png = encoded(".png", stored);
  for (const auto& [orientation, rows] : expected) {
    for (const bool big_endian : {false, true}) {
      const auto path = file("turned.png", with_chunk(png, "eXIf", exif(orientation, big_endian)));
      const Pixels image = decode_image(path, {.channels = 1});
      ASSERT_EQ(image.height, int(rows.size()));
      ASSERT_EQ(image.width, int(rows[0].size()));
      for (int y = 0; y < image.height; ++y) {
        EXPECT_EQ(std::string(image.row(y), image.row(y) + image.width), rows[size_t(y)]) << orientation;
      }
    }
  }
}

TEST_F(Decode, DamagedExifIsNoReasonToRefuse) {
  const std::string png = encoded(".png", picture(4, 6));
  for (const std::string& block :
       {std::string("II"), std::string("MM\0*\xFF\xFF\xFF\xFF", 8), exif(99, true)}) {
    EXPECT_EQ(decode_image(file("x.png", with_chunk(png, "eXIf", block)), {}).width, 6);
  }
}

TEST_F(Decode, AlphaShowsTheBackground) {
  cv::Mat image(1, 3, CV_8UC4);
  image.at<cv::Vec4b>(0, 0) = {30, 20, 10, 255};
  image.at<cv::Vec4b>(0, 1) = {30, 20, 10, 0};
  image.at<cv::Vec4b>(0, 2) = {0, 0, 0, 128};
  for (const char* ending : {".png", ".webp", ".tiff"}) {
    const auto path = file(std::string("alpha") + ending, encoded(ending, image));
    const Pixels white = decode_image(path, {}), blue = decode_image(path, {.background = {0, 0, 255}});
    if (std::string(ending) != ".webp") {  // lossy
      EXPECT_EQ(rgb_at(white, 0, 0), (std::array{10, 20, 30})) << ending;
    }
    EXPECT_EQ(rgb_at(white, 1, 0), (std::array{255, 255, 255})) << ending;
    EXPECT_EQ(rgb_at(white, 2, 0), (std::array{127, 127, 127})) << ending;
    EXPECT_EQ(rgb_at(blue, 1, 0), (std::array{0, 0, 255})) << ending;
    EXPECT_EQ(rgb_at(blue, 2, 0), (std::array{0, 0, 127})) << ending;
  }
}

// A palette of two colours, the first transparent by a tRNS chunk.
TEST_F(Decode, PalettesWithTransparency) {
  std::string grey = encoded(".png", cv::Mat::zeros(1, 1, CV_8UC1));
  std::string header = grey.substr(16, 13);
  header[8] = 8;
  header[9] = 3;  // palette
  const std::string ihdr = "IHDR" + header;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(ihdr.data()), unsigned(ihdr.size()));
  grey = grey.substr(0, 12) + ihdr + big32(uint32_t(crc)) + grey.substr(33);
  const std::string palette = with_chunk(grey, "PLTE", std::string("\x0A\x14\x1E\x28\x32\x3C", 6));
  EXPECT_EQ(rgb_at(decode_image(file("opaque.png", palette), {}), 0, 0), (std::array{10, 20, 30}));
  const auto see_through = file("through.png", with_chunk(palette, "tRNS", std::string(1, '\0')));
  EXPECT_EQ(rgb_at(decode_image(see_through, {.background = {1, 2, 3}}), 0, 0), (std::array{1, 2, 3}));
}

// The fourth byte of a 32-bit BMP is usually unused and 0.
TEST_F(Decode, A32BitBmpIsNotInvisible) {
  std::string bmp = encoded(".bmp", cv::Mat(1, 1, CV_8UC4, cv::Scalar(30, 20, 10, 0)));
  EXPECT_EQ(rgb_at(decode_image(file("x.bmp", bmp), {}), 0, 0), (std::array{10, 20, 30}));
}

TEST_F(Decode, SixteenBitsGiveTheirUpperEight) {
  cv::Mat image(1, 3, CV_16UC1);
  image.at<uint16_t>(0, 0) = 0x00FF;
  image.at<uint16_t>(0, 1) = 0x1234;
  image.at<uint16_t>(0, 2) = 0xFFFF;
  for (const char* ending : {".png", ".tiff"}) {
    const Pixels grey =
        decode_image(file(std::string("deep") + ending, encoded(ending, image)), {.channels = 1});
    EXPECT_EQ(grey.data, (std::vector<uint8_t>{0x00, 0x12, 0xFF})) << ending;
  }
}

TEST_F(Decode, GreyIsPillowsLuma) {
  cv::Mat image(1, 1, CV_8UC3, cv::Scalar(30, 200, 100));  // blue 30, green 200, red 100
  // (100 * 19595 + 200 * 38470 + 30 * 7471 + 32768) >> 16
  EXPECT_EQ(decode_image(file("x.png", encoded(".png", image)), {.channels = 1}).data,
            std::vector<uint8_t>{151});
}

TEST_F(Decode, LosslessFormatsAgree) {
  const Pixels png = decode_image(file("x.png", encoded(".png", picture(31, 43))), {});
  const auto tiff = file("x.tiff", encoded(".tiff", picture(31, 43)));
  EXPECT_EQ(decode_image(file("x.bmp", encoded(".bmp", picture(31, 43))), {}).data, png.data);
  EXPECT_EQ(decode_image(tiff, {}).data, png.data);
  EXPECT_EQ(rgb_at(png, 5, 7)[0], int(picture(31, 43).at<cv::Vec3b>(7, 5)[2]));
}

TEST_F(Decode, ReadsByContentNotByName) {
  EXPECT_EQ(decode_image(file("really_a_png.jpg", encoded(".png", picture(5, 7))), {}).width, 7);
}

TEST_F(Decode, NamesWhatCannotBeDecoded) {
  refuse("empty.png", "", "the file is empty");
  const std::string none = "not a PNG, JPEG or the like";
  refuse("unknown.png", "\1\2\3",
         "not a PNG, JPEG, BMP, WebP, TIFF, PBM, PGM, PPM or PFM: it starts with 01 02 03");
  refuse("text.png", "hello, world", none + ", but a text file");
  refuse("page.jpg", "<!DOCTYPE html><title>404</title>", none + ", but an HTML page");
  refuse("really.jpg", "GIF89a......", none + ", but a GIF");
  refuse("phone.jpg",
         std::string("\0\0\0\x18"
                     "ftypheic",
                     12),
         none + ", but a HEIC image");
  refuse("photo.png", "version https://git-lfs.github.com/spec/v1\noid sha256:12\n",
         none + ", but a Git LFS pointer, not the file itself (git lfs pull fetches it)");
  EXPECT_THROW_WITH(decode_image(folder_ / "absent.png", {}), UsageError,
                    "absent.png: cannot read this file: No such file or directory");
  for (const char* ending : {".png", ".jpg", ".bmp", ".webp", ".tiff"}) {
    const std::string whole = encoded(ending, picture(40, 50));
    EXPECT_EQ(decode_image(file(std::string("whole") + ending, whole), {}).height, 40);
    for (const size_t kept : {whole.size() - 3, whole.size() / 2, size_t{30}, size_t{13}, size_t{4}}) {
      if (std::string(ending) == ".tiff" && kept == whole.size() - 3) continue;  // cuts unused bytes at most
      refuse(std::string("cut") + ending, whole.substr(0, kept), "");
    }
  }
  std::string damaged = encoded(".png", picture(40, 50));
  damaged[damaged.size() / 2] ^= 0x55;
  refuse("damaged.png", damaged, "damaged: wrong checksum at byte 33");
}

TEST_F(Decode, TooManyPixelsAreRefusedByTheHeader) {
  const fs::path path = file("x.png", encoded(".png", picture(40, 50)));
  EXPECT_EQ(decode_image(path, {.max_pixels = 2000}).width, 50);
  EXPECT_EQ(decode_image(path, {.max_pixels = 0}).width, 50);
  EXPECT_THROW_WITH(
      decode_image(path, {.max_pixels = 1999}), UsageError,
      path.string() + ": too large: 50 x 40 pixels (5.86 KiB once decoded), over data.max_pixels, 1999");
}

// Memory that the system refuses, for a picture of 2^62 bytes; the file itself is small, as runs of one
// colour are.
#ifndef __SANITIZE_ADDRESS__  // its operator new ends the process where it should throw
TEST_F(Decode, RunningOutOfMemoryNamesTheFile) {
  std::string bmp = "BM" + std::string(60, '\0');
  bmp[10] = 54, bmp[14] = 40;                                 // where the pixels and the palette begin
  bmp.replace(18, 8, "\xff\xff\xff\x7f\xff\xff\xff\x7f", 8);  // the sides
  bmp[28] = 8, bmp[30] = 1;                                   // runs of 8 bits
  EXPECT_THROW_WITH(decode_image(file("x.bmp", bmp), {.channels = 1, .max_pixels = 0}), UsageError,
                    "x.bmp: 2147483647 x 2147483647 pixels: not enough memory for this image");
  EXPECT_THROW_WITH(decode_image(file("x.bmp", bmp), {}), UsageError,
                    "x.bmp: too large: 2147483647 x 2147483647");
  EXPECT_THROW_WITH(decode_image(file("x.pgm", "P2 2147483647 2147483647 255 0 0 0"), {}), UsageError,
                    "x.pgm: truncated or damaged: the file ends before its header says");
}
#endif

TEST_F(Decode, TrailingBytesAreNoDamage) {
  for (const char* ending : {".png", ".jpg"}) {
    const std::string whole = encoded(ending, picture(8, 9));
    EXPECT_EQ(decode_image(file("x", whole + "trailing \xFF\xD8 bytes"), {}).width, 9);
  }
}

TEST_F(Decode, HeadersAgreeWithThePictures) {
  std::vector<fs::path> files;
  for (const auto& pair : golden_images()) files.push_back(pair.in);
  for (const char* ending : {".png", ".jpg", ".bmp", ".webp", ".tiff"}) {
    files.push_back(file(std::string("p") + ending, encoded(ending, picture(33, 47))));
  }
  std::vector<uint8_t> lossy;
  cv::imencode(".webp", picture(33, 47), lossy, {cv::IMWRITE_WEBP_QUALITY, 70});
  files.push_back(file("lossy.webp", {lossy.begin(), lossy.end()}));
  for (const fs::path& path : files) {
    const ImageHeader header = read_image_header(path);
    const Pixels image = decode_image(path, {});
    EXPECT_EQ(header.width + header.height, image.width + image.height) << path;
    EXPECT_EQ(header.orientation >= 5 ? header.height : header.width, image.width) << path;
  }
}

// A header behind more metadata than is read at first.
TEST_F(Decode, FindsAHeaderBehindLongMetadata) {
  const std::string jpeg = encoded(".jpg", picture(20, 30));
  std::string comments;
  for (int i = 0; i < 3; ++i) comments += std::string("\xFF\xFE\xEA\x62", 4) + std::string(0xEA60, 'x');
  const fs::path path = file("long.jpg", jpeg.substr(0, 2) + comments + jpeg.substr(2));
  EXPECT_EQ(read_image_header(path).width, 30);
  EXPECT_EQ(decode_image(path, {}).width, 30);
}

}  // namespace
}  // namespace uvic

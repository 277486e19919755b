#include "data/prepare.h"

#include <gtest/gtest.h>

#include "data/decode.h"
#include "data/resample.h"
#include "support/image_files.h"

namespace uvic {
namespace {

using namespace uvic::testing;

Pixels from_bytes(int width, int height, const std::vector<uint8_t>& bytes) {
  Pixels pixels(width, height, 1);
  pixels.data = bytes;
  return pixels;
}

TEST(Prepare, GoldenFilesWithinOneGreyLevel) {
  const auto images = golden_images();
  ASSERT_EQ(images.size(), 13);
  for (const auto& [in, out] : images) {
    const Pixels prepared = prepare_centered(decode_image(in, {}), 32, 32);
    const double error = max_abs_error(to_tensor(prepared), read_rgb(out));
    EXPECT_LE(error, in.extension() == ".jpg" ? 3 : 1) << in;
  }
}

// By hand: Pillow's bicubic (a = -0.5) of 0 0 255 255 to twice the width; 4 taps at quarter positions.
TEST(Resample, BicubicByHand) {
  // Weights at distances 1.25 .25 .75 1.75: -.0703125 .8671875 .2265625 -.0234375, cut and renormalised at
  // edges.
  const Pixels out = resample(from_bytes(4, 1, {0, 0, 255, 255}), 8, 1, Filter::kBicubic);
  EXPECT_EQ(out.data, (std::vector<uint8_t>{0, 0, 0, 52, 203, 255, 255, 255}));
}

TEST(Resample, BoxHalvesEvenAndOddWidths) {
  EXPECT_EQ(resample(from_bytes(4, 1, {10, 20, 31, 40}), 2, 1, Filter::kBox).data,
            (std::vector<uint8_t>{15, 36}));
  // Five to two: centres 1.25 and 3.75, half-width 1.25: pixels 0 1 (2 at distance 1.25 is in) and 3 4.
  EXPECT_EQ(resample(from_bytes(5, 1, {0, 30, 60, 90, 120}), 2, 1, Filter::kBox).data,
            (std::vector<uint8_t>{30, 105}));
  EXPECT_EQ(resample(from_bytes(1, 4, {10, 20, 31, 40}), 1, 2, Filter::kBox).data,
            (std::vector<uint8_t>{15, 36}));
}

TEST(Resample, TheSameSizeIsTheSameImage) {
  const Pixels image = decode_image(fixture("images/in/exact.png"), {});
  EXPECT_EQ(resample(image, 32, 32, Filter::kBicubic).data, image.data);
}

// What is kept is what the whole would hold there, whichever way it is scaled and whichever pass comes first.
TEST(Resample, PartsAreCutOutOfTheWhole) {
  const Pixels image = decode_image(fixture("images/in/rgb_wide.png"), {});  // 200 x 70
  const Pixels tall = decode_image(fixture("images/in/rgb_tall.png"), {.channels = 1});
  for (const Pixels* from : {&image, &tall}) {
    for (const auto& [width, height] :
         {std::pair{60, 21}, {21, 60}, {300, 300}, {200, 70}, {200, 33}, {90, 70}}) {
      for (const Filter filter : {Filter::kBox, Filter::kBicubic}) {
        const Pixels whole = resample(*from, width, height, filter);
        for (const auto& [left, top] : {std::pair{0, 0}, {7, 5}, {width - 11, height - 9}}) {
          const Pixels part = resample_part(*from, width, height, {left, top, 11, 9}, filter);
          EXPECT_EQ(part.data, cut(whole, {left, top, left + 11, top + 9}).data)
              << width << "x" << height << " at " << left << " " << top;
        }
      }
    }
  }
}

// As a whole it would be enlarged to 256 x 16,640,000 pixels.
TEST(Prepare, OfAStripOnlyWhatIsKeptIsEnlarged) {
  Pixels strip(1, 65000, 3);
  for (size_t i = 0; i < strip.data.size(); ++i) strip.data[i] = uint8_t(i / 3);
  const Pixels prepared = prepare_centered(strip, 256, 256);
  EXPECT_EQ(prepared.width, 256);
  // The crop begins at row (16,640,000 - 256) / 2, which is half a stored pixel before row 32,500.
  EXPECT_EQ(prepared.row(0)[0], uint8_t(32499));
  EXPECT_EQ(prepared.row(255)[255 * 3], uint8_t(32500));
  CounterRandom random(1, RandomStream::kCrop, 0);
  EXPECT_EQ(prepare_random(strip, 256, 256, random).height, 256);
}

TEST(Prepare, NonSquareTargetsAreCovered) {
  const Pixels image = decode_image(fixture("images/in/rgb_wide.png"), {});  // 200 x 70
  for (const auto& [width, height] : {std::pair{48, 16}, {16, 48}, {200, 70}, {7, 5}, {300, 300}}) {
    const Pixels prepared = prepare_centered(image, width, height);
    EXPECT_EQ(prepared.width, width);
    EXPECT_EQ(prepared.height, height);
  }
}

TEST(Prepare, RandomCropsAreDrawnFromTheStream) {
  const Pixels image = decode_image(fixture("images/in/rgb_wide.png"), {});
  const auto crop = [&](uint64_t index) {
    CounterRandom random(1, RandomStream::kCrop, index);
    return prepare_random(image, 32, 32, random).data;
  };
  std::set<std::vector<uint8_t>> different;
  for (uint64_t i = 0; i < 40; ++i) {
    EXPECT_EQ(crop(i).size(), 3 * 32 * 32);
    EXPECT_EQ(crop(i), crop(i));
    different.insert(crop(i));
  }
  EXPECT_GT(different.size(), 35);
}

// A 64 x 64 picture of four flat quarters: crops of 0.8 to 1 of it hold all four corners' colours.
TEST(Prepare, RandomCropsShowAtLeastFourFifths) {
  Pixels image(64, 64, 1);
  for (int y = 0; y < 64; ++y) {
    for (int x = 0; x < 64; ++x)
      image.row(y)[x] = uint8_t(y < 32 ? (x < 32 ? 10 : 60) : (x < 32 ? 120 : 200));
  }
  for (uint64_t i = 0; i < 50; ++i) {
    CounterRandom random(2, RandomStream::kCrop, i);
    const Pixels crop = prepare_random(image, 32, 32, random);
    EXPECT_EQ(crop.row(0)[0], 10);
    EXPECT_EQ(crop.row(0)[31], 60);
    EXPECT_EQ(crop.row(31)[0], 120);
    EXPECT_EQ(crop.row(31)[31], 200);
  }
}

TEST(Cut, KeepsTheRectangle) {
  Pixels image(4, 3, 1);
  for (size_t i = 0; i < image.data.size(); ++i) image.data[i] = uint8_t(i);
  const Pixels part = cut(image, {1, 1, 3, 3});
  EXPECT_EQ(part.width, 2);
  EXPECT_EQ(part.data, (std::vector<uint8_t>{5, 6, 9, 10}));
  EXPECT_EQ(cut(image, {2, 0, 99, 99}).width, 2);
  EXPECT_TRUE(cut(image, {9, 9, 12, 12}).data.empty());
}

}  // namespace
}  // namespace uvic

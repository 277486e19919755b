// GIFs, read back by giflib.
#include "io/gif.h"

#include <ATen/ATen.h>
#include <gif_lib.h>
#include <gtest/gtest.h>

#include "core/errors.h"
#include "support/support.h"

namespace uvic {
namespace {

struct Reading {
  std::string bytes;
  size_t at = 0;
};

struct Decoded {
  at::Tensor frames;  // uint8 [n, 3, H, W]
  std::vector<int> delays;
  bool loops = false;
};

Decoded decode(const std::string& bytes) {
  Reading reading{bytes};
  int error = 0;
  GifFileType* gif = DGifOpen(
      &reading,
      [](GifFileType* file, GifByteType* out, int count) {
        auto& from = *static_cast<Reading*>(file->UserData);
        const size_t some = std::min(size_t(count), from.bytes.size() - from.at);
        std::copy_n(from.bytes.begin() + long(from.at), some, out);
        from.at += some;
        return int(some);
      },
      &error);
  TORCH_CHECK(gif != nullptr && DGifSlurp(gif) == GIF_OK, "not a GIF");
  Decoded decoded;
  std::vector<at::Tensor> frames;
  for (int i = 0; i < gif->ImageCount; ++i) {
    const SavedImage& image = gif->SavedImages[i];
    at::Tensor frame = at::empty({3, gif->SHeight, gif->SWidth}, at::kByte);
    for (int64_t p = 0; p < int64_t(gif->SHeight) * gif->SWidth; ++p) {
      const GifColorType& colour = gif->SColorMap->Colors[image.RasterBits[p]];
      const std::array<uint8_t, 3> channels = {colour.Red, colour.Green, colour.Blue};
      for (int64_t c = 0; c < 3; ++c)
        frame.data_ptr<uint8_t>()[c * gif->SHeight * gif->SWidth + p] = channels[size_t(c)];
    }
    frames.push_back(frame);
    GraphicsControlBlock control{};
    if (DGifSavedExtensionToGCB(gif, i, &control) == GIF_OK) decoded.delays.push_back(control.DelayTime);
  }
  decoded.frames = at::stack(frames);
  decoded.loops = bytes.find("NETSCAPE2.0") != std::string::npos;
  DGifCloseFile(gif, &error);
  return decoded;
}

TEST(Gif, GreyFramesComeBackToTheBit) {
  at::manual_seed(1);
  const at::Tensor frames = at::randint(256, {5, 1, 9, 14}, at::kByte);
  const Decoded decoded = decode(encode_gif(frames, 20));
  EXPECT_TRUE(at::equal(decoded.frames, frames.expand({-1, 3, -1, -1})));
  EXPECT_EQ(decoded.delays, std::vector<int>(5, 5));
  EXPECT_TRUE(decoded.loops);
  const Decoded still = decode(encode_gif(frames.slice(0, 0, 1)));
  EXPECT_TRUE(at::equal(still.frames[0][2], frames[0][0]));
  EXPECT_FALSE(still.loops);
}

TEST(Gif, FewColoursAreKeptAndManyComeNear) {
  const at::Tensor one = at::full({1, 3, 3, 3}, 7, at::kByte);
  EXPECT_TRUE(at::equal(decode(encode_gif(one)).frames, one));
  // A ramp in two colours: more than a palette holds.
  at::Tensor ramp = at::zeros({2, 3, 64, 64}, at::kByte);
  ramp.select(1, 0).copy_(at::arange(64).mul(4).view({1, 64}).expand({2, 64, 64}));
  ramp.select(1, 2).copy_(at::arange(64).mul(4).view({64, 1}).expand({2, 64, 64}));
  const at::Tensor back = decode(encode_gif(ramp)).frames;
  const at::Tensor error = (back.to(at::kFloat) - ramp.to(at::kFloat)).abs();
  EXPECT_LT(error.mean().item<double>(), 8);
  EXPECT_LT(at::avg_pool2d(back.to(at::kFloat) - ramp.to(at::kFloat), 8).abs().max().item<double>(), 16);
  EXPECT_TRUE(at::equal(back[0], back[1]));  // nothing flickers
}

TEST(Gif, ASideHasAnEnd) {
  EXPECT_THROW_WITH(check_gif_size(70000, 5), UsageError, "too large for .gif");
}

}  // namespace
}  // namespace uvic

#include "io/gif.h"

#include <ATen/ATen.h>
#include <gif_lib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "core/errors.h"

namespace uvic {
namespace {

constexpr int kColours = 256;
using Colour = std::array<uint8_t, 3>;

struct FreeMap {
  void operator()(ColorMapObject* map) const { GifFreeMapObject(map); }
};
using Map = std::unique_ptr<ColorMapObject, FreeMap>;

Colour colour_at(const uint8_t* pixels, int64_t i) {
  return {pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2]};
}

// Of all pixels, unless there are more than a palette has room for.
std::set<Colour> few_colours(const at::Tensor& pixels) {
  std::set<Colour> colours;
  const auto* data = pixels.const_data_ptr<uint8_t>();
  for (int64_t i = 0; i < pixels.numel() / 3 && colours.size() <= kColours; ++i)
    colours.insert(colour_at(data, i));
  return colours;
}

Map map_of(const std::set<Colour>& colours) {
  int size = 2;
  while (size < int(colours.size())) size *= 2;
  Map map(GifMakeMapObject(size, nullptr));
  TORCH_CHECK(map, "giflib: out of memory");
  std::fill_n(map->Colors, size, GifColorType{0, 0, 0});
  int at = 0;
  for (const auto& [red, green, blue] : colours) map->Colors[at++] = {red, green, blue};
  return map;
}

// giflib's median cut wants its channels apart.
Map quantised(const at::Tensor& pixels) {
  const at::Tensor planes = pixels.view({-1, 3}).t().contiguous();
  auto* data = planes.data_ptr<uint8_t>();
  const auto count = planes.size(1);
  std::vector<GifByteType> indices(static_cast<size_t>(count));
  Map map(GifMakeMapObject(kColours, nullptr));
  int size = kColours;
  TORCH_CHECK(map && GifQuantizeBuffer(unsigned(count), 1, &size, data, data + count, data + 2 * count,
                                       indices.data(), map->Colors) == GIF_OK,
              "giflib cannot choose a palette");
  return map;
}

int nearest_in(const ColorMapObject& map, const std::array<int, 3>& wanted) {
  int best = 0, least = INT32_MAX;
  for (int i = 0; i < map.ColorCount; ++i) {
    const GifColorType& c = map.Colors[i];
    const int r = c.Red - wanted[0], g = c.Green - wanted[1], b = c.Blue - wanted[2];
    if (const int distance = 3 * r * r + 6 * g * g + b * b; distance < least) {  // as bright as eyes see them
      least = distance;
      best = i;
    }
  }
  return best;
}

// -kSpread / 2 .. kSpread / 2, by place: the 4 x 4 matrix of Bayer.
int pattern(int64_t y, int64_t x) {
  constexpr int kSpread = 16;
  constexpr std::array<int, 16> kBayer = {0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5};
  return (kBayer[size_t(y % 4 * 4 + x % 4)] * 2 - 15) * kSpread / 32;
}

// From colours to places in a palette.
class Indexer {
 public:
  Indexer(const ColorMapObject& map, bool exact) : map_(map), exact_(exact) {}

  GifByteType index(const Colour& colour, int64_t y, int64_t x) {
    const int shift = exact_ ? 0 : pattern(y, x);
    std::array<int, 3> wanted{};
    // Six bits a channel will do where the palette is not exact, so that few are searched for.
    for (size_t c = 0; c < 3; ++c) wanted[c] = std::clamp(colour[c] + shift, 0, 255) & (exact_ ? 255 : 252);
    const auto [known, first] = known_.try_emplace(wanted[0] << 16 | wanted[1] << 8 | wanted[2]);
    if (first) known->second = GifByteType(nearest_in(map_, wanted));
    return known->second;
  }

 private:
  const ColorMapObject& map_;
  bool exact_;
  std::unordered_map<int, GifByteType> known_;
};

// What giflib calls for its bytes.
int append(GifFileType* file, const GifByteType* bytes, int count) {
  static_cast<std::string*>(file->UserData)->append(reinterpret_cast<const char*>(bytes), size_t(count));
  return count;
}

void check_gif(int result) {
  TORCH_CHECK(result == GIF_OK, "giflib cannot write this picture");
}

void put_loop(GifFileType* gif) {
  const std::array<GifByteType, 3> forever = {1, 0, 0};
  check_gif(EGifPutExtensionLeader(gif, APPLICATION_EXT_FUNC_CODE));
  check_gif(EGifPutExtensionBlock(gif, 11, "NETSCAPE2.0"));
  check_gif(EGifPutExtensionBlock(gif, int(forever.size()), forever.data()));
  check_gif(EGifPutExtensionTrailer(gif));
}

void put_delay(GifFileType* gif, double rate) {
  const GraphicsControlBlock control{.DisposalMode = DISPOSE_DO_NOT,
                                     .UserInputFlag = false,
                                     .DelayTime = int(std::lround(100 / rate)),
                                     .TransparentColor = NO_TRANSPARENT_COLOR};
  std::array<GifByteType, 4> bytes{};
  EGifGCBToExtension(&control, bytes.data());
  check_gif(EGifPutExtension(gif, GRAPHICS_EXT_FUNC_CODE, int(bytes.size()), bytes.data()));
}

}  // namespace

void check_gif_size(int64_t height, int64_t width) {
  check_usage(std::max(height, width) <= 65535, "a picture of ", height, " x ", width,
              " pixels is too large for .gif, whose sides are at most 65535; .png takes it");
}

std::string encode_gif(const at::Tensor& frames, double rate) {
  TORCH_CHECK(frames.dim() == 4 && frames.scalar_type() == at::kByte && frames.numel() > 0 &&
                  (frames.size(1) == 1 || frames.size(1) == 3),
              "frames are uint8 [n, C, H, W] with C = 1 or 3, got ", frames.sizes());
  const int64_t n = frames.size(0), H = frames.size(2), W = frames.size(3);
  check_gif_size(H, W);
  const at::Tensor pixels = frames.cpu().expand({-1, 3, -1, -1}).permute({0, 2, 3, 1}).contiguous();
  const std::set<Colour> colours = few_colours(pixels);
  const bool exact = colours.size() <= kColours;
  const Map map = exact ? map_of(colours) : quantised(pixels);
  Indexer indexer(*map, exact);

  std::string bytes;
  int error = 0;
  GifFileType* gif = EGifOpen(&bytes, append, &error);
  TORCH_CHECK(gif != nullptr, "giflib cannot begin: ", error);
  const auto close = [&error](GifFileType* file) { EGifCloseFile(file, &error); };
  std::unique_ptr<GifFileType, decltype(close)> open(gif, close);
  EGifSetGifVersion(gif, /*gif89=*/true);
  check_gif(EGifPutScreenDesc(gif, int(W), int(H), 8, 0, map.get()));
  if (n > 1) put_loop(gif);
  const auto* data = pixels.const_data_ptr<uint8_t>();
  std::vector<GifByteType> line(static_cast<size_t>(W));
  for (int64_t i = 0; i < n; ++i) {
    if (n > 1) put_delay(gif, rate);
    check_gif(EGifPutImageDesc(gif, 0, 0, int(W), int(H), /*interlaced=*/false, nullptr));
    for (int64_t y = 0; y < H; ++y) {
      for (int64_t x = 0; x < W; ++x)
        line[size_t(x)] = indexer.index(colour_at(data, (i * H + y) * W + x), y, x);
      check_gif(EGifPutLine(gif, line.data(), int(W)));
    }
  }
  open.reset();
  return bytes;
}

}  // namespace uvic

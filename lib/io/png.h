// PNG files through stb_image_write, with `tEXt` records.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace uvic {

/// `image`: uint8 [C, H, W], C = 1 (grey), 3 (RGB) or 4 (RGBA). `text`: tEXt records, keyword -> Latin-1
/// text. Returns the file's bytes: signature, IHDR, tEXt records, IDAT, IEND. UsageError as check_png_size.
std::string encode_png(const at::Tensor& image, const std::map<std::string, std::string>& text = {});

/// UsageError if such a picture is too large for encode_png, whose sizes are ints: 2 GiB.
void check_png_size(int64_t channels, int64_t height, int64_t width);

/// encode_png to a file, atomically.
void save_png(const std::filesystem::path& path, const at::Tensor& image,
              const std::map<std::string, std::string>& text = {});

/// Whether a PNG of `file_size` bytes can hold such a picture, deflated as it is. `depth`, `colour`: as its
/// header has them.
bool png_can_hold(int64_t width, int64_t height, int64_t depth, int64_t colour, int64_t file_size);

/// What a PNG's chunks say, without decoding pixels.
struct PngInfo {
  int64_t width = 0, height = 0, channels = 0;
  std::map<std::string, std::string> text;
};

/// Walks all chunks and checks signature, lengths and CRCs up to IEND: nullopt if the file is absent,
/// truncated, corrupt or has bytes after IEND.
std::optional<PngInfo> inspect_png(const std::filesystem::path& path);
/// The same for a PNG in memory.
std::optional<PngInfo> inspect_png_bytes(std::string_view bytes);

}  // namespace uvic

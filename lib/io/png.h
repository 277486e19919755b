// PNG files through stb (compressed by libdeflate), with `tEXt` records.
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
/// text. Returns the file's bytes: signature, IHDR, tEXt records, IDAT, IEND.
std::string encode_png(const at::Tensor& image, const std::map<std::string, std::string>& text = {});

/// encode_png to a file, atomically.
void save_png(const std::filesystem::path& path, const at::Tensor& image,
              const std::map<std::string, std::string>& text = {});

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

/// The pixels of an 8-bit PNG in memory, uint8 [C, H, W]; an empty tensor if they cannot be decoded. CRCs are
/// not checked: see inspect_png_bytes.
at::Tensor decode_png(std::string_view bytes);

}  // namespace uvic

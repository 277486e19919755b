// TIFF files through libtiff: what they hold, by their first page.
#pragma once
#include <tiffio.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "io/file_handle.h"

namespace uvic {

/// The first page of a TIFF or BigTIFF.
struct TiffLayout {
  uint32_t width = 0, height = 0;
  uint16_t bits = 1, bands = 1, format = SAMPLEFORMAT_UINT, photometric = 0, planar = PLANARCONFIG_CONTIG;
  uint16_t orientation = 1, compression = COMPRESSION_NONE;
  int extra = -1;      ///< what the last band is beside the colours: EXTRASAMPLE_...; -1: not said
  bool pages = false;  ///< there are more

  /// Colours of which libtiff alone knows what they mean.
  bool is_converted() const;
  /// Bands that hold colour, or indexes of colours.
  int colours() const;
};

class TiffFile {
 public:
  /// Opens bytes in memory, which must stay, or a file. UsageError with `name` first: not readable.
  TiffFile(std::span<const uint8_t> bytes, const std::string& name);
  explicit TiffFile(const std::filesystem::path& path);
  TiffFile(const TiffFile&) = delete;
  TiffFile& operator=(const TiffFile&) = delete;

  TIFF* get() const { return tiff_.get(); }
  TiffLayout layout() const;
  /// Why this picture cannot be read ("has 5 bands, but ..."); empty: it can.
  std::string refusal(const TiffLayout& layout) const;
  /// Whether strips or tiles lie past the end of the file.
  bool is_truncated() const;
  /// Throws UsageError with what libtiff says unless `done` and it has had nothing to say of the pixels.
  void check(bool done);

  struct Source;  ///< what libtiff reads from and complains to

 private:
  void open();
  std::shared_ptr<Source> source_;
  std::unique_ptr<TIFF, void (*)(TIFF*)> tiff_{nullptr, TIFFClose};
};

}  // namespace uvic

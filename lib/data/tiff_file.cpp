#include "data/tiff_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string_view>

#include "core/errors.h"
#include "io/read_file.h"

namespace uvic {

struct TiffFile::Source {
  std::string name;
  std::span<const uint8_t> bytes;
  FileHandle file;
  uint64_t size = 0, at = 0;
  std::string complaint;  // the first error or, once the header has been read, warning
  bool strict = false;    // warnings of tags that nobody knows are no damage
};

namespace {

using Source = TiffFile::Source;

Source& source_of(thandle_t handle) {
  return *static_cast<Source*>(handle);
}

tsize_t read_some(thandle_t handle, void* out, tsize_t count) {
  Source& source = source_of(handle);
  const uint64_t left = source.size - std::min(source.at, source.size);
  const size_t most = std::min(static_cast<uint64_t>(count), left);
  tsize_t got = 0;
  if (source.file.is_open()) {
    got = TEMP_FAILURE_RETRY(::pread(source.file.get(), out, most, static_cast<off_t>(source.at)));
  } else {
    if (most > 0) std::memcpy(out, source.bytes.data() + source.at, most);
    got = static_cast<tsize_t>(most);
  }
  if (got > 0) source.at += static_cast<uint64_t>(got);
  return got;
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  Source& source = source_of(handle);
  const uint64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? source.at : source.size;
  return source.at = from + offset;
}

void keep(thandle_t handle, const char* format, va_list arguments) {
  if (handle == nullptr || !source_of(handle).complaint.empty()) return;
  char text[256];
  std::vsnprintf(text, sizeof text, format, arguments);
  source_of(handle).complaint = text;
}

void on_error(thandle_t handle, const char* /*module*/, const char* format, va_list arguments) {
  keep(handle, format, arguments);
}

void on_warning(thandle_t handle, const char* /*module*/, const char* format, va_list arguments) {
  if (handle == nullptr || !source_of(handle).strict) return;
  if (!std::string_view(format).starts_with("Old-style LZW")) keep(handle, format, arguments);
}

/// Of the whole process: libtiff prints by default.
void take_over_messages() {
  static std::once_flag once;
  std::call_once(once, [] {
    TIFFSetErrorHandler(nullptr);
    TIFFSetWarningHandler(nullptr);
    TIFFSetErrorHandlerExt(on_error);
    TIFFSetWarningHandlerExt(on_warning);
  });
}

template <class T>
void get(TIFF* tiff, uint32_t tag, T& value) {
  TIFFGetFieldDefaulted(tiff, tag, &value);
}

}  // namespace

TiffFile::TiffFile(std::span<const uint8_t> bytes, const std::string& name)
    : source_(std::make_shared<Source>()) {
  source_->name = name;
  source_->bytes = bytes;
  source_->size = bytes.size();
  open();
}

TiffFile::TiffFile(const std::filesystem::path& path) : source_(std::make_shared<Source>()) {
  source_->name = path.string();
  source_->file = FileHandle(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!source_->file.is_open() || ::fstat(source_->file.get(), &status) != 0) {
    throw UnreadableFile(c10::str(source_->name, ": cannot read this file: ", std::strerror(errno)));
  }
  source_->size = static_cast<uint64_t>(status.st_size);
  open();
}

void TiffFile::open() {
  take_over_messages();
  const auto nothing_written = [](thandle_t, void*, tsize_t) -> tsize_t { return -1; };
  const auto close = [](thandle_t) { return 0; };
  const auto size = [](thandle_t handle) -> toff_t { return source_of(handle).size; };
  tiff_.reset(TIFFClientOpen(source_->name.c_str(), "rm", source_.get(), read_some, nothing_written, seek,
                             close, size, nullptr, nullptr));
  check(tiff_ != nullptr);
  source_->complaint.clear();  // what it could read without
  source_->strict = true;
}

TiffLayout TiffFile::layout() const {
  TIFF* tiff = get();
  TiffLayout layout;
  uvic::get(tiff, TIFFTAG_IMAGEWIDTH, layout.width);
  uvic::get(tiff, TIFFTAG_IMAGELENGTH, layout.height);
  uvic::get(tiff, TIFFTAG_BITSPERSAMPLE, layout.bits);
  uvic::get(tiff, TIFFTAG_SAMPLESPERPIXEL, layout.bands);
  uvic::get(tiff, TIFFTAG_SAMPLEFORMAT, layout.format);
  uvic::get(tiff, TIFFTAG_PLANARCONFIG, layout.planar);
  uvic::get(tiff, TIFFTAG_ORIENTATION, layout.orientation);
  uvic::get(tiff, TIFFTAG_COMPRESSION, layout.compression);
  if (TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric) == 0) {
    layout.photometric = layout.bands >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  }
  if (layout.orientation < 1 || layout.orientation > 8) layout.orientation = 1;
  uint16_t count = 0, *kinds = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) != 0 && count > 0) layout.extra = kinds[0];
  // JPEG's own conversion, before any size is asked for.
  if (layout.compression == COMPRESSION_JPEG && layout.photometric == PHOTOMETRIC_YCBCR) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    layout.photometric = PHOTOMETRIC_RGB;
  }
  layout.pages = TIFFLastDirectory(tiff) == 0;
  return layout;
}

bool TiffFile::is_truncated() const {
  const uint32_t count = TIFFIsTiled(get()) ? TIFFNumberOfTiles(get()) : TIFFNumberOfStrips(get());
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t offset = TIFFGetStrileOffset(get(), i), bytes = TIFFGetStrileByteCount(get(), i);
    if (offset > source_->size || bytes > source_->size - offset) return true;
  }
  return false;
}

void TiffFile::check(bool done) {
  if (done && source_->complaint.empty()) return;
  usage_error(source_->name, ": this TIFF is damaged or of a kind that cannot be decoded",
              source_->complaint.empty() ? "" : ": ", source_->complaint);
}

bool TiffLayout::is_converted() const {
  return photometric == PHOTOMETRIC_YCBCR || photometric == PHOTOMETRIC_CIELAB ||
         photometric == PHOTOMETRIC_LOGL || photometric == PHOTOMETRIC_LOGLUV;
}

int TiffLayout::colours() const {
  if (photometric == PHOTOMETRIC_RGB || is_converted()) return 3;
  return photometric == PHOTOMETRIC_SEPARATED ? 4 : 1;
}

std::string TiffFile::refusal(const TiffLayout& layout) const {
  const auto [bits, bands] = std::pair{layout.bits, layout.bands};
  const int colours = layout.colours();
  const bool palette = layout.photometric == PHOTOMETRIC_PALETTE, ink = colours == 4;
  if (TIFFIsCODECConfigured(layout.compression) == 0) {
    return c10::str("is compressed by scheme ", layout.compression, ", which this libtiff cannot read");
  }
  if (layout.is_converted()) {
    std::array<char, 1024> text{};
    return TIFFRGBAImageOK(get(), text.data()) != 0 ? "" : c10::str("cannot be read: ", text.data());
  }
  if (layout.photometric > PHOTOMETRIC_PALETTE && !ink) {
    return c10::str("has colours of kind ", layout.photometric,
                    ", but grey, a palette, RGB, CMYK, YCbCr and Lab can be read");
  }
  if (layout.format != SAMPLEFORMAT_UINT && layout.format != SAMPLEFORMAT_VOID) {
    const char* kind = layout.format == SAMPLEFORMAT_IEEEFP ? "float"
                       : layout.format == SAMPLEFORMAT_INT  ? "signed"
                                                            : "complex";
    return c10::str("holds ", bits, "-bit ", kind,
                    " samples, but whole numbers from 0 of up to 16 bits can be read");
  }
  const std::array<uint16_t, 5> known = {1, 2, 4, 8, 16};
  if (std::find(known.begin(), known.end(), bits) == known.end() || (palette && bits > 8) ||
      (ink && bits < 8)) {
    return c10::str("holds ", bits, "-bit ", palette ? "indexes of a palette" : "samples", ", but ",
                    palette ? "1, 2, 4 or 8 bits"
                    : ink   ? "8 or 16 bits for CMYK"
                            : "1, 2, 4, 8 or 16 bits",
                    " can be read");
  }
  if (bands < colours || bands > (palette || ink ? colours : colours + 1)) {
    const char* most = palette        ? "1 of a palette"
                       : ink          ? "4 of CMYK"
                       : colours == 1 ? "1 or 2 of grey"
                                      : "3 or 4 of RGB";
    return c10::str("has ", bands, bands == 1 ? " band" : " bands", ", but ", most, " can be read");
  }
  return "";
}

}  // namespace uvic

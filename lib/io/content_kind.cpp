#include "io/content_kind.h"

#include <algorithm>
#include <array>

#include "core/errors.h"

namespace uvic {
namespace {

using std::string_view_literals::operator""sv;

struct Signature {
  size_t at;
  std::string_view bytes;
  const char* kind;
};

// ftyp's brands of ISO/IEC 14496-12 files and the signatures that the formats' own documents give.
constexpr std::array kSignatures = {
    Signature{0, "\x89PNG\r\n\x1a\n"sv, "a PNG"},
    Signature{0, "\xFF\xD8\xFF"sv, "a JPEG"},
    Signature{0, "GIF8"sv, "a GIF"},
    Signature{8, "WEBP"sv, "a WebP"},
    Signature{0, "II*\0"sv, "a TIFF"},
    Signature{0, "MM\0*"sv, "a TIFF"},
    Signature{0, "II+\0"sv, "a BigTIFF"},
    Signature{0, "MM\0+"sv, "a BigTIFF"},
    Signature{4, "ftypheic"sv, "a HEIC image"},
    Signature{4, "ftypheix"sv, "a HEIC image"},
    Signature{4, "ftyphevc"sv, "a HEIC image"},
    Signature{4, "ftypmif1"sv, "a HEIF image"},
    Signature{4, "ftypmsf1"sv, "a HEIF image"},
    Signature{4, "ftypavif"sv, "an AVIF image"},
    Signature{4, "ftypavis"sv, "an AVIF image"},
    Signature{4, "ftyp"sv, "an MP4 or QuickTime video"},
    Signature{0, "\xFF\x0A"sv, "a JPEG XL image"},
    Signature{0, "\0\0\0\x0CJXL \r\n\x87\n"sv, "a JPEG XL image"},
    Signature{0, "\0\0\0\x0CjP  \r\n\x87\n"sv, "a JPEG 2000 image"},
    Signature{0, "\xFF\x4F\xFF\x51"sv, "a JPEG 2000 image"},
    Signature{0, "\x76\x2F\x31\x01"sv, "an OpenEXR image"},
    Signature{0, "#?RADIANCE"sv, "a Radiance HDR image"},
    Signature{0, "DDS "sv, "a DDS texture"},
    Signature{0, "8BPS"sv, "a Photoshop file"},
    Signature{0, "%PDF-"sv, "a PDF"},
    Signature{128, "DICM"sv, "a DICOM image"},
    Signature{0, "SIMPLE  ="sv, "a FITS image"},
    Signature{0, "\0\0\1\0"sv, "a Windows icon"},
    Signature{0, "\x93NUMPY"sv, "a NumPy array (.npy)"},
    Signature{0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file"},
    Signature{0, "PK\3\4"sv, "a ZIP archive"},
    Signature{0, "PK\5\6"sv, "an empty ZIP archive"},
    Signature{0, "\x1f\x8b"sv, "gzip-compressed"},
    Signature{0, "BZh"sv, "bzip2-compressed"},
    Signature{0,
              "\xFD"
              "7zXZ\0"sv,
              "xz-compressed"},
    Signature{0, "\x28\xB5\x2F\xFD"sv, "zstd-compressed"},
    Signature{0, "Rar!\x1a\x07"sv, "a RAR archive"},
    Signature{0, "7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive"},
    Signature{257, "ustar"sv, "a tar archive"},
    Signature{0, "GGUF"sv, "a GGUF file"},
    Signature{0, "RIFF"sv, "a RIFF file"},
    Signature{0, "ID3"sv, "an MP3"},
    Signature{0, "SQLite format 3\0"sv, "an SQLite database"},
    Signature{0,
              "\x7F"
              "ELF"sv,
              "a program"},
    Signature{0, "\x80\2"sv, "a Python pickle"},
    Signature{0, "\x80\3"sv, "a Python pickle"},
    Signature{0, "\x80\4"sv, "a Python pickle"},
    Signature{0, "\x80\5"sv, "a Python pickle"},
};

/// In lower case, without blanks and a byte order mark before it.
std::string beginning(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
  return lower_case(std::string(bytes.substr(0, 64)));
}

bool is_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' ? byte != 0x7F : std::string_view("\t\r\n\f").find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string content_kind(std::string_view bytes) {
  if (bytes.empty()) return "an empty file";
  if (is_lfs_pointer(bytes)) return "a Git LFS pointer, not the file itself (git lfs pull fetches it)";
  for (const auto& [at, signature, kind] : kSignatures) {
    if (bytes.size() >= at + signature.size() && bytes.substr(at, signature.size()) == signature) return kind;
  }
  bytes = bytes.substr(0, kContentBytes);
  if (bytes.find_first_not_of('\0') == std::string_view::npos) return "all zeros";
  const std::string text = beginning(bytes);
  for (const auto& [start, kind] :
       {std::pair{"<!doctype html", "an HTML page"}, {"<html", "an HTML page"}, {"<svg", "an SVG drawing"}}) {
    if (text.starts_with(start)) return kind;
  }
  if (text.starts_with("<?xml")) {
    return bytes.find("<svg") != std::string_view::npos ? "an SVG drawing" : "an XML file";
  }
  if (text.starts_with("{") && is_text(bytes)) return "a JSON file";
  return is_text(bytes) ? "a text file" : "";
}

std::string content_kind(std::span<const uint8_t> bytes) {
  return content_kind(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void refuse_content(std::string_view bytes, int64_t size, const std::string& name,
                    const std::string& wanted) {
  refuse_lfs_pointer(bytes, name);
  const std::string kind = content_kind(bytes);
  check_usage(kind != "all zeros", name, ": damaged: it begins with zeros alone (", size, " bytes)");
  check_usage(!kind.empty(), name, ": not ", wanted, "; nothing known begins like it (", size, " bytes)");
  usage_error(name, ": ", kind, ", not ", wanted);
}

void refuse_lfs_pointer(std::string_view bytes, const std::string& name) {
  check_usage(!is_lfs_pointer(bytes), name, ": this is ", content_kind(bytes));
}

}  // namespace uvic

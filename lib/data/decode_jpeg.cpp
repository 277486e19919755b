#include <cstdio>  // before jpeglib.h, which needs it

#include <jpeglib.h>

#include <jerror.h>

#include <algorithm>
#include <csetjmp>
#include <vector>

#include "data/decoders.h"
#include "data/jpeg_entropy.h"

namespace uvic {
namespace {

constexpr const char* kNoEndMarker = "its end marker is missing; every pixel is there";

/// libjpeg prints warnings and calls exit() by itself; here the first of either jumps back.
struct Errors : jpeg_error_mgr {
  std::jmp_buf back;
  char text[JMSG_LENGTH_MAX];
  bool ended_early;
};

[[noreturn]] void jump_back(j_common_ptr info) {
  auto& errors = *static_cast<Errors*>(info->err);
  errors.format_message(info, errors.text);
  std::longjmp(errors.back, 1);
}

void on_message(j_common_ptr info, int level) {
  constexpr int kWarning = -1;  // others are traces
  auto& errors = *static_cast<Errors*>(info->err);
  if (level != kWarning || errors.msg_code == JWRN_JFIF_MAJOR) return;  // that is of metadata
  if (errors.msg_code == JWRN_JPEG_EOF) {
    errors.ended_early = true;  // pixels that are missing give another warning
  } else {
    jump_back(info);
  }
}

class JpegReader {
 public:
  explicit JpegReader(const std::string& name) : name_(name) {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = jump_back;
    errors_.emit_message = on_message;
    errors_.output_message = [](j_common_ptr) {};
  }
  ~JpegReader() { jpeg_destroy_decompress(&info_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  void read_header(std::span<const uint8_t> bytes) {
    guarded([&] {
      jpeg_create_decompress(&info_);
      jpeg_mem_src(&info_, bytes.data(), bytes.size());
      jpeg_read_header(&info_, TRUE);
    });
  }
  /// Calls into libjpeg; nothing that has a destructor may be made in there.
  template <class Calls>
  void guarded(const Calls& calls) {
    if (setjmp(errors_.back) != 0) fail(errors_.text);
    calls();
  }
  [[noreturn]] void fail(const std::string& text) const {
    check_usage(!errors_.ended_early, name_, ": truncated: the file ends before the picture does");
    usage_error(name_, ": this JPEG is damaged or of a kind that cannot be decoded: ", text);
  }
  /// Scans that are missing as a whole, at the end, give no warning.
  void check_scans() const {
    for (int c = 0; c < info_.num_components; ++c) {
      if (info_.comp_info[c].quant_table == nullptr) fail("a component of the colours is missing");
      for (int k = 0; info_.progressive_mode && k < DCTSIZE2; ++k) {
        if (info_.coef_bits[c][k] != 0) fail("the last of its progressive scans are missing");
      }
    }
  }
  jpeg_decompress_struct& info() { return info_; }
  bool ended_early() const { return errors_.ended_early; }

 private:
  const std::string& name_;
  Errors errors_{};
  jpeg_decompress_struct info_{};
};

/// What libjpeg may divide the size by: see DecodeOptions::to_cover.
unsigned shrinking(const jpeg_decompress_struct& info, const std::array<int64_t, 2>& to_cover) {
  const auto [width, height] = to_cover;
  if (width == 0 || int64_t{info.image_width} * info.image_height <= kWholeJpegPixels) return 1;
  for (const unsigned by : {8U, 4U, 2U}) {
    if (info.image_width / by >= 2 * width && info.image_height / by >= 2 * height) return by;
  }
  return 1;
}

}  // namespace

void decode_jpeg(std::span<const uint8_t> bytes, const std::string& name, PixelRows& rows) {
  JpegReader reader(name);
  reader.read_header(bytes);
  jpeg_decompress_struct& info = reader.info();
  const bool ink = info.num_components == 4;
  info.out_color_space = ink ? JCS_CMYK : info.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  info.scale_num = 1;
  info.scale_denom = shrinking(info, rows.options().to_cover);
  reader.guarded([&] { jpeg_start_decompress(&info); });
  if (jpeg_has_multiple_scans(&info)) reader.check_scans();
  rows.begin(info.output_width, info.output_height, info.num_components == 1 ? 1 : 3);
  std::vector<uint8_t> row(size_t{info.output_width} * size_t(info.output_components));
  JSAMPROW pointer = row.data();
  for (int64_t y = 0; y < info.output_height; ++y) {
    reader.guarded([&] { jpeg_read_scanlines(&info, &pointer, 1); });
    if (ink) {
      // Adobe's programs, which write most of them, store how much ink is left out.
      if (info.saw_Adobe_marker) {
        std::transform(row.begin(), row.end(), row.begin(), [](uint8_t v) { return uint8_t(255 - v); });
      }
      for (size_t x = 0; x < info.output_width; ++x) ink_to_rgb(&row[4 * x], &row[3 * x]);
    }
    rows.put(y, row.data());
  }
  reader.guarded([&] { jpeg_finish_decompress(&info); });
  if (const std::string damage = find_jpeg_damage(bytes); !damage.empty()) reader.fail(damage);
  if (reader.ended_early()) rows.note = kNoEndMarker;
}

}  // namespace uvic

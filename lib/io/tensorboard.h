// TensorBoard event files: TFRecord framing around tensorflow.Event messages. Written by hand (a few
// fields) because the LibTorch wheel carries protobuf 3.13 headers and symbols that clash with a
// distribution's protobuf.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "io/append_file.h"

namespace uvic {

class EventWriter {
 public:
  /// Opens `<directory>/events.out.tfevents.<seconds>.<host>.<pid>`, creating the directory;
  /// std::runtime_error if that cannot be. What cannot be written later, as the disk is full, waits
  /// (AppendFile). `first_step`: of a run that goes on, the first step that will be written: readers then
  /// forget what earlier files have of it and of later ones (a SessionLog START: TensorBoard's
  /// event_accumulator.py, _MaybePurgeOrphanedData).
  explicit EventWriter(const std::filesystem::path& directory,
                       std::optional<int64_t> first_step = std::nullopt);
  void add_scalar(const std::string& tag, double value, int64_t step);
  /// `image`: uint8 [C, H, W].
  void add_image(const std::string& tag, const at::Tensor& image, int64_t step);
  /// Hands what was added to the system.
  void flush() { file_.write(); }

 private:
  void write_summary(const std::string& value, int64_t step);
  void add(const std::string& event);
  AppendFile file_;
};

/// CRC-32C (Castagnoli), reflected, as TFRecord uses before masking. "123456789" gives 0xE3069283.
uint32_t crc32c(std::string_view bytes);
/// TFRecord's checksum: that CRC, rotated and shifted.
uint32_t masked_crc(std::string_view bytes);

}  // namespace uvic

#include "io/gzip.h"

#include <libdeflate.h>

#include <cstdint>
#include <cstring>
#include <memory>

#include "core/errors.h"
#include "io/content_kind.h"
#include "io/deflate.h"

namespace uvic {

std::string gunzipped(std::string_view bytes, const std::string& name) {
  constexpr uint32_t kMost = 1U << 30;
  uint32_t size = 0;  // the last four bytes of a member
  if (!bytes.starts_with("\x1f\x8b") || bytes.size() < sizeof size)
    refuse_content(bytes, int64_t(bytes.size()), name, "a gzip file");
  std::memcpy(&size, bytes.data() + bytes.size() - sizeof size, sizeof size);
  check_usage(size <= kMost && int64_t(size) <= kMostOfADeflatedByte * int64_t(bytes.size()), name,
              ": truncated or damaged, or more than ", kMost, " bytes of text");
  std::string text(size, '\0');
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> reader(
      libdeflate_alloc_decompressor(), &libdeflate_free_decompressor);
  const auto result =
      libdeflate_gzip_decompress(reader.get(), bytes.data(), bytes.size(), text.data(), size, nullptr);
  check_usage(result == LIBDEFLATE_SUCCESS, name, ": truncated or damaged: gzip's check fails");
  return text;
}

}  // namespace uvic

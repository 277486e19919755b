// What a file is by its first bytes, for those who meet something else than they expected.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/text.h"

namespace uvic {

/// As many first bytes of a file as are looked at.
constexpr int64_t kContentBytes = 512;

/// "a GIF", "an HTML page", "a ZIP archive": of the file of which `bytes` are the first. Empty: not known.
std::string content_kind(std::span<const uint8_t> bytes);
std::string content_kind(std::string_view bytes);

/// Throws UsageError on a file `name` of `size` bytes that, by its first ones, is not `wanted` ("an .npz").
[[noreturn]] void refuse_content(std::string_view bytes, int64_t size, const std::string& name,
                                 const std::string& wanted);

/// Throws UsageError with `name` first for a Git LFS pointer: whatever was expected, it is not that.
void refuse_lfs_pointer(std::string_view bytes, const std::string& name);

}  // namespace uvic

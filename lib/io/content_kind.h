// What a file is by its first bytes, for those who meet something else than they expected.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace uvic {

/// As many first bytes of a file as are looked at.
constexpr int64_t kContentBytes = 512;

/// "a GIF", "an HTML page", "a ZIP archive": of the file of which `bytes` are the first. Empty: not known.
std::string content_kind(std::span<const uint8_t> bytes);
std::string content_kind(std::string_view bytes);

/// Whether it is what Git LFS leaves in place of a file that was not fetched.
bool is_lfs_pointer(std::string_view bytes);

/// Throws UsageError with `name` first for a Git LFS pointer: whatever was expected, it is not that.
void refuse_lfs_pointer(std::string_view bytes, const std::string& name);

}  // namespace uvic

#pragma once
#include <filesystem>
#include <string>

namespace uvic {

/// SHA-256 of a file's bytes in 64 hexadecimal digits, by OpenSSL's libcrypto. UsageError if it cannot be
/// read.
std::string file_sha256(const std::filesystem::path& path);

}  // namespace uvic

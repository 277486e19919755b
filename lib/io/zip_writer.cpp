#include "io/zip_writer.h"

#include <c10/util/StringUtil.h>
#include <zip.h>

#include <array>
#include <stdexcept>

#include "io/atomic_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kAlignment = 64;
constexpr uint16_t kPaddingField = 0x4246;  // "FB", torch's own

std::string text_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

// A new archive at `temporary`; `target` is the name in messages.
void write_archive(const fs::path& temporary, const fs::path& target, const std::vector<ZipEntry>& entries) {
  int code = 0;
  zip_t* archive = zip_open(temporary.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  if (archive == nullptr)
    throw std::runtime_error(c10::str("cannot write ", target.string(), ": ", text_of(code)));
  const auto check = [&](bool done) {
    if (done) return;
    const std::string reason = zip_strerror(archive);
    zip_discard(archive);
    throw std::runtime_error(c10::str("cannot write ", target.string(), ": ", reason));
  };
  uint64_t offset = 0;
  for (const ZipEntry& entry : entries) {
    const auto size = static_cast<uint64_t>(entry.size);
    zip_source_t* source = zip_source_buffer(archive, entry.data, size, /*freep=*/0);
    check(source != nullptr);
    const zip_int64_t added = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_GUESS);
    if (added < 0) zip_source_free(source);
    check(added >= 0);
    const auto index = static_cast<zip_uint64_t>(added);
    check(zip_set_file_compression(archive, index, ZIP_CM_STORE, 0) == 0);
    check(zip_file_set_dostime(archive, index, 0, (1 << 5) | 1, 0) == 0);
    // A local header is 30 bytes, the name, and this field with 4 bytes of its own.
    const uint64_t header = offset + 30 + entry.name.size() + 4, padding = (0 - header) % kAlignment;
    const std::array<zip_uint8_t, kAlignment> zeros{};
    check(zip_file_extra_field_set(archive, index, kPaddingField, ZIP_EXTRA_FIELD_NEW, zeros.data(),
                                   static_cast<zip_uint16_t>(padding), ZIP_FL_LOCAL) == 0);
    offset = header + padding + size;
  }
  check(zip_close(archive) == 0);
}

}  // namespace

void write_zip(const fs::path& path, const std::vector<ZipEntry>& entries) {
  replace_file_atomically(path, [&](const fs::path& temporary) { write_archive(temporary, path, entries); });
}

}  // namespace uvic

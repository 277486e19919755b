#include "io/zip_archive.h"

#include <zip.h>

#include <array>

#include "core/errors.h"
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

void ZipReader::Discard::operator()(zip* archive) const {
  zip_discard(archive);
}

ZipReader::ZipReader(const fs::path& path) : file_(path.string()) {
  std::error_code error;
  check_usage(fs::is_regular_file(path, error), "cannot read ", file_, ": ",
              error ? error.message() : "it is no regular file");
  int code = 0;
  archive_.reset(zip_open(path.c_str(), ZIP_RDONLY, &code));
  check_usage(archive_ != nullptr, file_, ": truncated, or not a zip archive: ", text_of(code));
  const auto bytes = fs::file_size(path);
  const auto count = static_cast<zip_uint64_t>(zip_get_num_entries(archive_.get(), 0));
  for (zip_uint64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    check_usage(zip_stat_index(archive_.get(), i, 0, &stat) == 0, file_, ": entry ", i,
                " of the archive is damaged: ", zip_strerror(archive_.get()));
    check_usage(stat.size <= bytes, file_, ": entry ", stat.name, " claims ", stat.size,
                " bytes, the file has ", bytes);
    names_.emplace_back(stat.name);
  }
}

std::optional<int64_t> ZipReader::size(const std::string& name) const {
  zip_stat_t stat;
  if (zip_stat(archive_.get(), name.c_str(), 0, &stat) != 0) return std::nullopt;
  return static_cast<int64_t>(stat.size);
}

void ZipReader::read(const std::string& name, void* data) const {
  zip_stat_t stat;
  check_usage(zip_stat(archive_.get(), name.c_str(), 0, &stat) == 0, file_, ": has no entry ", name);
  check_usage(stat.comp_method == ZIP_CM_STORE && stat.encryption_method == ZIP_EM_NONE, file_, ": entry ",
              name, " is compressed or encrypted; torch.save stores entries as they are");
  zip_file_t* entry = zip_fopen_index(archive_.get(), stat.index, 0);
  check_usage(entry != nullptr, file_, ": entry ", name, ": ", zip_strerror(archive_.get()));
  uint64_t done = 0;
  char past_the_end = 0;
  // One byte more than there is: libzip compares the CRC when it meets the end.
  while (true) {
    const bool full = done == stat.size;
    const zip_int64_t got =
        zip_fread(entry, full ? &past_the_end : static_cast<char*>(data) + done, full ? 1 : stat.size - done);
    if (got <= 0) {
      const std::string reason = got < 0 ? zip_file_strerror(entry) : "";
      zip_fclose(entry);
      check_usage(got == 0 && full, file_, ": entry ", name, " is damaged",
                  reason.empty() ? ": it ends early" : ": " + reason);
      return;
    }
    done += static_cast<uint64_t>(got);
  }
}

std::string ZipReader::read(const std::string& name) const {
  std::string bytes(static_cast<size_t>(size(name).value_or(0)), '\0');
  read(name, bytes.data());
  return bytes;
}

void write_zip(const fs::path& path, const std::vector<ZipEntry>& entries) {
  replace_file_atomically(path, [&](const fs::path& temporary) { write_archive(temporary, path, entries); });
}

}  // namespace uvic

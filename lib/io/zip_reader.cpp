#include "io/zip_reader.h"

#include <zip.h>

#include "core/errors.h"
#include "core/text.h"
#include "io/content_kind.h"
#include "io/deflate.h"
#include "io/read_file.h"

namespace uvic {
namespace {

/// The entries of an archive of `file_size` bytes; `problem`: what keeps them from being read.
std::vector<ZipArchive::Entry> entries_of(zip* archive, double file_size, std::string& problem) {
  std::vector<ZipArchive::Entry> entries;
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  double packed = 0;
  for (zip_int64_t i = 0; i < count && problem.empty(); ++i) {
    zip_stat_t stat;
    const bool known = zip_stat_index(archive, zip_uint64_t(i), 0, &stat) == 0 &&
                       (stat.valid & (ZIP_STAT_NAME | ZIP_STAT_SIZE)) == (ZIP_STAT_NAME | ZIP_STAT_SIZE);
    entries.push_back(known ? ZipArchive::Entry{stat.name, int64_t(stat.size)} : ZipArchive::Entry{"", 0});
    if (!known) continue;
    if (double(stat.size) > double(kMostOfADeflatedByte) * file_size) {
      problem = c10::str(stat.name, ": says that it unpacks to ", format_bytes(double(stat.size)),
                         ", more than this file can hold; it is damaged");
    }
    // Entries that share their bytes could unpack to any multiple of the file.
    packed += (stat.valid & ZIP_STAT_COMP_SIZE) != 0 ? double(stat.comp_size) : 0;
    if (packed > file_size)
      problem = c10::str(stat.name, ": lies where another entry does; the file is damaged");
  }
  return entries;
}

}  // namespace

ZipArchive::ZipArchive(const std::filesystem::path& path) : name_(path.string()) {
  std::error_code error;
  check_usage(std::filesystem::exists(path, error), name_, ": no such file");
  int code = 0;
  archive_ = zip_open(name_.c_str(), ZIP_RDONLY, &code);
  if (archive_ == nullptr) refuse(code);
  std::string problem;
  entries_ = entries_of(archive_, double(std::filesystem::file_size(path)), problem);
  if (problem.empty()) return;
  zip_discard(archive_);
  usage_error(name_, ": ", problem);
}

void ZipArchive::refuse(int code) const {
  const FileBytes start = read_file(name_, kContentBytes);
  const std::string_view bytes(reinterpret_cast<const char*>(start.bytes.data()), start.bytes.size());
  if (!bytes.starts_with("PK")) refuse_content(bytes, start.file_size, name_, "a ZIP archive");
  check_usage(code != ZIP_ER_NOZIP, name_,
              ": truncated or damaged: a ZIP archive ends in its directory, and at byte ", start.file_size,
              ", where this file ends, there is none; copy or download it again");
  zip_error_t reason;
  zip_error_init_with_code(&reason, code);
  const std::string text = zip_error_strerror(&reason);
  zip_error_fini(&reason);
  usage_error(name_, ": cannot be read as a ZIP archive: ", text);
}

ZipArchive::~ZipArchive() {
  zip_discard(archive_);
}

std::unique_ptr<ZipArchive::Stream> ZipArchive::open(size_t index) const {
  return std::unique_ptr<Stream>(new Stream(*this, index));
}

std::vector<uint8_t> ZipArchive::read(size_t index) const {
  Stream stream(*this, index);
  std::vector<uint8_t> bytes(size_t(stream.left()));
  stream.read(bytes.data(), stream.left());
  return bytes;
}

ZipArchive::Stream::Stream(const ZipArchive& archive, size_t index)
    : archive_(archive),
      name_(archive.name_ + ": " + archive.entries_.at(index).name),
      left_(archive.entries_.at(index).size) {
  const std::lock_guard lock(archive_.mutex_);
  file_ = zip_fopen_index(archive_.archive_, index, 0);
  check_usage(file_ != nullptr, name_, ": ", zip_strerror(archive_.archive_));
}

ZipArchive::Stream::~Stream() {
  const std::lock_guard lock(archive_.mutex_);
  zip_fclose(file_);
}

void ZipArchive::Stream::read(void* data, int64_t bytes) {
  check_usage(bytes <= left_, name_, ": ends early; the file is truncated");
  const std::lock_guard lock(archive_.mutex_);
  auto* out = static_cast<char*>(data);
  for (int64_t done = 0; done < bytes;) {
    const zip_int64_t got = zip_fread(file_, out + done, zip_uint64_t(bytes - done));
    check_usage(got > 0, name_, ": damaged or truncated: ", zip_file_strerror(file_));
    done += got;
  }
  left_ -= bytes;
  if (left_ > 0) return;
  char none = 0;
  const bool at_end = zip_fread(file_, &none, 1) == 0;  // libzip compares the CRC when it meets the end
  check_usage(at_end, name_, ": damaged: ", zip_file_strerror(file_));
}

}  // namespace uvic

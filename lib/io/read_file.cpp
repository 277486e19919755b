#include "io/read_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "io/content_kind.h"

namespace uvic {
namespace {

[[noreturn]] void fail_to_read(const std::string& name, int error) {
  throw UnreadableFile(c10::str(name, ": cannot read this file: ", std::generic_category().message(error)));
}

// Read until the end, wherever that is: the size that the system tells is 0 for pipes and files of /proc.
template <class Bytes>
Bytes read_up_to(FileReader& file, int64_t most) {
  Bytes bytes;
  int64_t done = 0, room = file.size() > 0 ? file.size() : int64_t{1} << 16;
  while (done < most) {
    bytes.resize(static_cast<size_t>(std::min(most, done + room)));
    const auto asked = static_cast<int64_t>(bytes.size()) - done;
    const int64_t got = file.read(bytes.data() + done, asked);
    done += got;
    if (got < asked || done == file.size()) break;
    room = done;
  }
  bytes.resize(static_cast<size_t>(done));
  return bytes;
}

}  // namespace

FileReader::FileReader(const std::filesystem::path& path)
    : name_(path.string()), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status {};
  if (!file_.is_open() || ::fstat(file_.get(), &status) != 0) fail_to_read(name_, errno);
  if (S_ISDIR(status.st_mode)) fail_to_read(name_, EISDIR);
  size_ = S_ISREG(status.st_mode) ? status.st_size : 0;
}

int64_t FileReader::read(void* data, int64_t bytes) {
  auto* out = static_cast<char*>(data);
  int64_t done = 0;
  while (done < bytes) {
    const ssize_t got =
        TEMP_FAILURE_RETRY(::read(file_.get(), out + done, static_cast<size_t>(bytes - done)));
    if (got < 0) fail_to_read(name_, errno);
    if (got == 0) break;
    done += got;
  }
  return done;
}

void FileReader::seek(int64_t offset) {
  if (::lseek(file_.get(), offset, SEEK_SET) < 0) fail_to_read(name_, errno);
}

std::vector<uint8_t> read_last(const std::filesystem::path& path, int64_t most) {
  FileReader file(path);
  file.seek(std::max<int64_t>(0, file.size() - most));
  return read_up_to<std::vector<uint8_t>>(file, most);
}

FileBytes read_file(const std::filesystem::path& path, int64_t most) {
  FileReader file(path);
  auto bytes = read_up_to<std::vector<uint8_t>>(file, most);
  return {.bytes = std::move(bytes), .file_size = file.size()};
}

std::string read_text(const std::filesystem::path& path) {
  FileReader file(path);
  std::string text = read_up_to<std::string>(file, std::numeric_limits<int64_t>::max());
  refuse_lfs_pointer(text, file.name());
  return text;
}

}  // namespace uvic

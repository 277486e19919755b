#include "io/atomic_file.h"

#include <c10/util/StringUtil.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <streambuf>
#include <system_error>
#include <vector>

#include "io/file_handle.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

/// std::ofstream keeps neither the descriptor, which fsync needs, nor the reason of a failure.
class FileBuffer : public std::streambuf {
 public:
  FileBuffer(const fs::path& file, const fs::path& target)
      : target_(target), file_(open_file(file, O_WRONLY | O_CREAT | O_TRUNC, target)) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
  }

  void finish(Flush flush) {
    sync();
    if (flush == Flush::kNow && TEMP_FAILURE_RETRY(::fsync(file_.get())) != 0) fail_to_write(target_, errno);
    if (const int error = file_.close(); error != 0) fail_to_write(target_, error);
  }

 protected:
  int_type overflow(int_type next) override {
    sync();
    if (!traits_type::eq_int_type(next, traits_type::eof())) sputc(traits_type::to_char_type(next));
    return traits_type::not_eof(next);
  }
  int sync() override {
    for (const char* next = pbase(); next < pptr();) {
      const ssize_t written =
          TEMP_FAILURE_RETRY(::write(file_.get(), next, static_cast<size_t>(pptr() - next)));
      if (written < 0) fail_to_write(target_, errno);
      next += written;
    }
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return 0;
  }

 private:
  fs::path target_;
  FileHandle file_;
  std::vector<char> buffer_ = std::vector<char>(1 << 16);
};

}  // namespace

fs::path temporary_beside(const fs::path& path) {
  return c10::str(path.string(), ".tmp-", getpid());
}

void check_replaceable(const fs::path& path) {
  std::error_code ignored;
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
    throw std::runtime_error(
        c10::str("cannot write ", path.string(), ": it exists and is not a regular file"));
  }
}

void write_file_atomically(const fs::path& path, const std::function<void(std::ostream&)>& write,
                           Flush flush) {
  check_replaceable(path);
  const fs::path temporary = temporary_beside(path);
  try {
    FileBuffer buffer(temporary, path);
    std::ostream stream(&buffer);
    stream.exceptions(std::ios::badbit);  // lets the buffer's own exception, which has the reason, through
    write(stream);
    if (!stream) fail_to_write(path, EIO);
    buffer.finish(flush);
    if (::rename(temporary.c_str(), path.c_str()) != 0) fail_to_write(path, errno);
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

void write_file_atomically(const fs::path& path, std::string_view bytes, Flush flush) {
  write_file_atomically(
      path,
      [&](std::ostream& stream) { stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size())); },
      flush);
}

void remove_temporaries_of(const fs::path& path) {
  const std::string stale = path.filename().string() + ".tmp-";
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(fs::absolute(path).parent_path())) {
    if (entry.path().filename().string().starts_with(stale)) leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover);
}

void write_directory_atomically(const fs::path& path, const std::function<void(const fs::path&)>& fill) {
  const fs::path target = fs::absolute(path.has_filename() ? path : path.parent_path());
  if (fs::exists(target)) fail_to_write(target, EEXIST);
  remove_temporaries_of(target);
  const fs::path temporary = temporary_beside(target);
  try {
    if (std::error_code error; !fs::create_directory(temporary, error) && error)
      fail_to_write(target, error.value());
    fill(temporary);
    for (const auto& entry : fs::recursive_directory_iterator(temporary)) sync_to_disk(entry.path());
    sync_to_disk(temporary);
    if (::rename(temporary.c_str(), target.c_str()) != 0) fail_to_write(target, errno);
    sync_to_disk(target.parent_path());
  } catch (...) {
    std::error_code ignored;
    fs::remove_all(temporary, ignored);
    throw;
  }
}

}  // namespace uvic

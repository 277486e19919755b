#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "io/file_handle.h"
#include "io/read_file.h"

namespace uvic {

MappedFile::MappedFile(const std::filesystem::path& path) : name_(path.string()) {
  const auto fail = [&](int error) {
    throw UnreadableFile(name_ + ": cannot read this file: " + std::generic_category().message(error));
  };
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file.is_open() || ::fstat(file.get(), &status) != 0) fail(errno);
  if (S_ISDIR(status.st_mode)) fail(EISDIR);
  if (!S_ISREG(status.st_mode)) throw UnreadableFile(name_ + ": not a regular file");
  size_ = size_t(status.st_size);
  if (size_ == 0) return;
  void* data = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.get(), 0);
  if (data == MAP_FAILED) fail(errno);
  data_ = static_cast<const char*>(data);
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<char*>(data_), size_);
}

}  // namespace uvic

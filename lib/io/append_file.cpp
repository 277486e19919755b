#include "io/append_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "core/log.h"

namespace uvic {

AppendFile::AppendFile(std::filesystem::path path)
    : path_(std::move(path)), file_(open_file(path_, O_WRONLY | O_CREAT | O_APPEND, path_)) {}

AppendFile::~AppendFile() {
  if (try_to_write()) return;
  write_line(c10::str("error: cannot write the last ", waiting_.size(), " bytes of ", path_.string(), ": ",
                      std::generic_category().message(error_)));
}

void AppendFile::write() {
  if (try_to_write()) return;
  log_warning("cannot write ", path_.string(), ": ", std::generic_category().message(error_),
              "; what it lacks is kept and written when it can be");
}

// A piece of it that got into the file, because the disk had room for no more, is taken back.
bool AppendFile::try_to_write() {
  if (waiting_.empty()) return true;
  const off_t end = ::lseek(file_.get(), 0, SEEK_END);
  size_t done = 0;
  while (done < waiting_.size()) {
    const ssize_t written =
        TEMP_FAILURE_RETRY(::write(file_.get(), waiting_.data() + done, waiting_.size() - done));
    if (written <= 0) {
      error_ = written < 0 ? errno : EIO;
      if (done > 0 && ::ftruncate(file_.get(), end) != 0) waiting_.erase(0, done);
      return false;
    }
    done += static_cast<size_t>(written);
  }
  waiting_.clear();
  return true;
}

}  // namespace uvic

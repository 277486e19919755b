#include "data/pack_text_spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "io/digests.h"

namespace uvic {
namespace {

constexpr size_t kSpoolPiece = 1 << 20;

}  // namespace

Spool::Spool(const std::filesystem::path& target) : target_(target) {
  std::string name = target.string() + ".tmp-XXXXXX";
  file_ = FileHandle(::mkostemp(name.data(), O_CLOEXEC));
  if (!file_.is_open()) fail_to_write(target_, errno);
  ::unlink(name.c_str());
}

void Spool::append(std::string_view bytes) {
  crc32_ = crc32_of(bytes, crc32_);
  waiting_ += bytes;
  if (waiting_.size() >= kSpoolPiece) flush();
}

void Spool::flush() {
  write_at(file_.get(), waiting_, uint64_t(written_), target_);
  written_ += int64_t(waiting_.size());
  waiting_.clear();
}

void Spool::read(int64_t begin, int64_t end, const std::function<void(std::string_view)>& take) {
  flush();
  std::string piece;
  while (begin < end) {
    piece.resize(size_t(std::min(int64_t(kSpoolPiece), end - begin)));
    const ssize_t got = TEMP_FAILURE_RETRY(::pread(file_.get(), piece.data(), piece.size(), begin));
    if (got <= 0) fail_to_write(target_, got < 0 ? errno : EIO);
    take(std::string_view(piece).substr(0, size_t(got)));
    begin += got;
  }
}

}  // namespace uvic

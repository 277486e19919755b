#include "io/tar.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

#include "core/errors.h"
#include "io/content_kind.h"
#include "io/read_file.h"

namespace uvic {
namespace {

constexpr size_t kBlock = 10240;  // tar's own
constexpr auto kTar = "a tar archive";

struct Free {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

void refuse_compressed(const std::string& kind, const std::string& name) {
  constexpr std::string_view kCompressed = "-compressed";
  if (!kind.ends_with(kCompressed)) return;
  const std::string how = kind.substr(0, kind.size() - kCompressed.size());
  usage_error(name, ": ", kind, ": files are read where they lie in a tar, so decompress it first (", how,
              " -d)");
}

}  // namespace

std::vector<TarEntry> index_tar(const std::filesystem::path& path) {
  const std::string name = path.string();
  const FileBytes start = read_file(path, kContentBytes);
  const std::string_view bytes(reinterpret_cast<const char*>(start.bytes.data()), start.bytes.size());
  refuse_compressed(content_kind(bytes), name);
  const std::unique_ptr<archive, Free> reader(archive_read_new());
  archive_read_support_format_tar(reader.get());
  std::vector<TarEntry> entries;
  int code = archive_read_open_filename(reader.get(), path.c_str(), kBlock);
  if (code == ARCHIVE_OK) {
    archive_entry* entry = nullptr;
    // A warning is of a name or an attribute that this system could not take over.
    for (code = archive_read_next_header(reader.get(), &entry); code == ARCHIVE_OK || code == ARCHIVE_WARN;
         code = archive_read_next_header(reader.get(), &entry)) {
      const char* entry_name = archive_entry_pathname(entry);
      if (entry_name == nullptr || archive_entry_filetype(entry) != AE_IFREG) continue;
      if (archive_entry_hardlink(entry) != nullptr || archive_entry_sparse_count(entry) > 0) continue;
      const TarEntry found{entry_name, archive_filter_bytes(reader.get(), 0), archive_entry_size(entry)};
      check_usage(found.size >= 0 && found.size <= start.file_size - found.offset, name, ": ", found.name,
                  ": says that it is of ", found.size, " bytes, but the archive ends at byte ",
                  start.file_size, ": truncated or damaged");
      entries.push_back(found);
    }
  }
  if (code == ARCHIVE_EOF) return entries;
  if (entries.empty() && content_kind(bytes) != kTar) refuse_content(bytes, start.file_size, name, kTar);
  usage_error(name, ": damaged", entries.empty() ? "" : " behind " + entries.back().name, ": ",
              archive_error_string(reader.get()));
}

}  // namespace uvic

#include "io/write_zip.h"

#include <libdeflate.h>

#include "io/atomic_file.h"
#include "io/zip_writer.h"

namespace uvic {

void write_zip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries) {
  write_file_atomically(path, [&](std::ostream& stream) {
    ZipWriter zip({}, /*alignment=*/64);
    for (const ZipEntry& entry : entries) {
      const auto size = static_cast<size_t>(entry.size);
      stream << zip.begin(entry.name, size, libdeflate_crc32(0, entry.data, size));
      stream.write(static_cast<const char*>(entry.data), entry.size);
    }
    stream << zip.finish();
  });
}

}  // namespace uvic

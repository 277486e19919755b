#include <algorithm>

#include "core/errors.h"
#include "data/archive_names.h"
#include "data/file_source.h"
#include "io/zip_reader.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

class ZipSource : public FileSource {
 public:
  explicit ZipSource(const fs::path& path)
      : FileSource(path.string()), archive_(path), modified_(last_written(name())) {
    const auto& entries = archive_.entries();
    ArchiveNames names;
    for (size_t i = 0; i < entries.size(); ++i) names.add(entries[i].name, i);
    names.finish(name());
    files_ = std::move(names.files);
    folders_ = std::move(names.folders);
    hidden_ = names.hidden;
    numbers_ = std::move(names.numbers);
  }
  const char* kind() const override { return "ZIP"; }
  Stamp stamp(const std::string& file) const override {
    return holds(file) ? Stamp{archive_.entries()[number_of(file)].size, modified_} : Stamp{};
  }
  FileBytes read(const std::string& file, int64_t most) const override {
    const size_t number = number_of(file);
    const int64_t size = archive_.entries()[number].size;
    if (most >= size) return {archive_.read(number), size};
    std::vector<uint8_t> bytes(static_cast<size_t>(most));
    archive_.open(number)->read(bytes.data(), most);
    return {std::move(bytes), size};
  }
  std::vector<uint8_t> read_last(const std::string& /*file*/, int64_t /*most*/) const override { return {}; }

 private:
  size_t number_of(const std::string& file) const {
    const size_t place = place_of(file);
    check_usage(place < numbers_.size(), full_name(file), ": is not in this archive");
    return numbers_[place];
  }
  ZipArchive archive_;
  int64_t modified_;
  std::vector<size_t> numbers_;  // of entries, one a file
};

}  // namespace

std::shared_ptr<const FileSource> open_zip_source(const fs::path& path) {
  return std::make_shared<ZipSource>(path);
}

}  // namespace uvic

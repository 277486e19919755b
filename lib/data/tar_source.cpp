#include <algorithm>

#include "core/errors.h"
#include "data/archive_names.h"
#include "data/file_source.h"
#include "io/tar.h"

namespace uvic {
namespace {

/// Bytes of the folders that all of the paths begin with.
size_t common_folders(const std::vector<std::string>& paths) {
  size_t common = paths[0].rfind('/') + 1;
  for (const std::string& path : paths) {
    while (path.compare(0, common, paths[0], 0, common) != 0) common = paths[0].rfind('/', common - 2) + 1;
  }
  return common;
}

class TarSource : public FileSource {
 public:
  explicit TarSource(const std::string& path) : FileSource(path), shards_(shard_paths(path)) {
    ArchiveNames names;
    const size_t common = common_folders(shards_);
    for (size_t shard = 0; shard < shards_.size(); ++shard) {
      modified_.push_back(last_written(shards_[shard]));
      const std::string prefix = shards_.size() == 1 ? "" : shards_[shard].substr(common) + '/';
      inside_.push_back(prefix.size());
      for (TarEntry& entry : index_tar(shards_[shard])) {
        while (entry.name.starts_with("./")) entry.name.erase(0, 2);
        names.add(prefix + entry.name, entries_.size());
        entries_.push_back({shard, entry.offset, entry.size});
      }
    }
    names.finish(name());
    files_ = std::move(names.files);
    hidden_ = names.hidden;
    if (shards_.size() == 1) folders_ = std::move(names.folders);  // those of shards are none
    numbers_ = std::move(names.numbers);
  }
  const char* kind() const override { return "tar"; }
  std::string full_name(const std::string& file) const override {
    if (shards_.size() == 1 || !holds(file)) return FileSource::full_name(file);
    return shards_[entry_of(file).shard] + ": " + file.substr(inside_[entry_of(file).shard]);
  }
  Stamp stamp(const std::string& file) const override {
    if (!holds(file)) return {};
    const Place& place = entry_of(file);
    return {place.size, modified_[place.shard]};
  }
  FileBytes read(const std::string& file, int64_t most) const override {
    const Place& place = entry_of(file);
    return {read(file, place, 0, std::min(most, place.size)), place.size};
  }
  std::vector<uint8_t> read_last(const std::string& file, int64_t most) const override {
    const Place& place = entry_of(file);
    const int64_t bytes = std::min(most, place.size);
    return read(file, place, place.size - bytes, bytes);
  }

 private:
  struct Place {
    size_t shard;
    int64_t offset, size;
  };
  const Place& entry_of(const std::string& file) const {
    const size_t place = place_of(file);
    check_usage(place < numbers_.size(), FileSource::full_name(file), ": is not in this archive");
    return entries_[numbers_[place]];
  }
  // The shard is opened anew each time: there may be more of them than a process may have open.
  std::vector<uint8_t> read(const std::string& file, const Place& place, int64_t first, int64_t bytes) const {
    FileReader reader(shards_[place.shard]);
    reader.seek(place.offset + first);
    std::vector<uint8_t> data(static_cast<size_t>(bytes));
    check_usage(reader.read(data.data(), bytes) == bytes, full_name(file),
                ": the archive ends before it: it was cut while it was read");
    return data;
  }
  std::vector<std::string> shards_;
  std::vector<int64_t> modified_;  // one a shard, and where names in it begin
  std::vector<size_t> inside_;
  std::vector<Place> entries_;
  std::vector<size_t> numbers_;  // of entries_, one a file
};

}  // namespace

std::shared_ptr<const FileSource> open_tar_source(const std::string& path) {
  return std::make_shared<TarSource>(path);
}

}  // namespace uvic

#include "io/pth.h"

#include "core/errors.h"
#include "io/zip_reader.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPickle = "data.pkl";

class Archive : public StorageSource {
 public:
  explicit Archive(const fs::path& path) : zip_(path), file_size_(int64_t(fs::file_size(path))) {
    for (size_t i = 0; i < zip_.entries().size(); ++i) {
      const std::string& name = zip_.entries()[i].name;
      index_[name] = i;
      if (name.ends_with("/data.pkl") && name.find('/') == name.rfind('/'))
        top_ = name.substr(0, name.size() - kPickle.size());
    }
    check_usage(!top_.empty(), zip_.name(),
                ": a zip archive without data.pkl; it was not written by torch.save");
    check_usage(!index_.contains(top_ + "byteorder") || text(top_ + "byteorder") == "little", zip_.name(),
                ": its numbers are not in little-endian order");
  }

  std::string pickle_text() const { return text(top_ + std::string(kPickle)); }

  std::map<std::string, std::string> metadata() const {
    std::map<std::string, std::string> found;
    const std::string folder = top_ + "extra/";
    for (const auto& [name, index] : index_) {
      if (name.starts_with(folder)) found[name.substr(folder.size())] = text(name);
    }
    return found;
  }

  std::string place(std::string_view key) const override { return c10::str(top_, "data/", key); }
  std::optional<int64_t> size(std::string_view key) const override {
    const auto found = index_.find(place(key));
    if (found == index_.end()) return std::nullopt;
    return size_of(found->second);
  }
  void read(std::string_view key, void* data, int64_t bytes) override {
    zip_.open(index_.at(place(key)))->read(data, bytes);
  }

 private:
  // Stored as it is, so no longer than the file, whatever the archive's directory says.
  int64_t size_of(size_t index) const {
    const auto& [name, bytes] = zip_.entries()[index];
    check_usage(bytes <= file_size_, zip_.name(), ": ", name, " is compressed or damaged");
    return bytes;
  }
  // A pickle or a text, of an entry that is there.
  std::string text(const std::string& entry) const {
    const size_t index = index_.at(entry);
    const int64_t size = size_of(index);
    check_usage(size <= kMaxPickleBytes, zip_.name(), ": ", entry, " has ", size, " bytes; at most ",
                kMaxPickleBytes, " are read");
    std::string bytes(static_cast<size_t>(size), '\0');
    zip_.open(index)->read(bytes.data(), size);
    return bytes;
  }

  ZipArchive zip_;
  int64_t file_size_;
  std::map<std::string, size_t> index_;  // of the entries, by name
  std::string top_;                      // the folder that all entries are in, with its slash
};

}  // namespace

std::unique_ptr<TensorReader> open_pth(const fs::path& path) {
  auto archive = std::make_unique<Archive>(path);
  PthContents contents{.file = path.string(), .text = std::make_unique<std::string>(archive->pickle_text())};
  contents.pickle = std::make_unique<Pickle>(*contents.text, contents.file);
  contents.metadata = archive->metadata();
  contents.storages = std::move(archive);
  return read_tensors_of(std::move(contents));
}

}  // namespace uvic

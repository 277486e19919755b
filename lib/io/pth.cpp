#include "io/pth.h"

#include <ATen/ATen.h>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "io/input_file.h"
#include "io/pickle.h"
#include "io/read_file.h"
#include "io/zip_reader.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// The pickle of a state dict of 1,000 tensors takes 150 kB.
constexpr int64_t kMaxTextBytes = int64_t{64} << 20;

using Entries = std::vector<std::pair<std::string, const PickledTensor*>>;

class PthReader {
 public:
  explicit PthReader(const fs::path& path) : file_(path.string()), zip_(checked(path)) {
    for (size_t i = 0; i < zip_.entries().size(); ++i) {
      const std::string& name = zip_.entries()[i].name;
      index_[name] = i;
      if (name.ends_with("/data.pkl") && name.find('/') == name.rfind('/'))
        top_ = name.substr(0, name.size() - std::string_view("data.pkl").size());
    }
    check_usage(!top_.empty(), file_, ": a zip archive without data.pkl; it was not written by torch.save");
    check_usage(!index_.contains(top_ + "byteorder") || text(top_ + "byteorder") == "little", file_,
                ": its numbers are not in little-endian order");
  }

  TensorMap tensors() {
    const Pickle pickle(text(top_ + "data.pkl"), file_);
    TensorMap tensors;
    for (const auto& [key, tensor] : state_dict(pickle.root())) {
      check_usage(tensors.emplace(key, load(key, *tensor)).second, file_, ": \"", key, "\" appears twice");
    }
    return tensors;
  }

  std::map<std::string, std::string> metadata() const {
    std::map<std::string, std::string> found;
    const std::string folder = top_ + "extra/";
    for (const auto& [name, index] : index_) {
      if (name.starts_with(folder)) found[name.substr(folder.size())] = text(name);
    }
    return found;
  }

 private:
  static const fs::path& checked(const fs::path& path) {
    if (!fs::is_regular_file(path)) return path;  // ZipArchive says what is wrong with it
    const auto start = read_file(path, kLegacyPthStart.size()).bytes;
    const std::string_view bytes(reinterpret_cast<const char*>(start.data()), start.size());
    check_usage(bytes != kLegacyPthStart, path.string(),
                ": written in torch's format from before 1.6. In Python, "
                "torch.save(torch.load(\"OLD\", map_location=\"cpu\"), \"NEW\") converts it");
    return path;
  }

  int64_t size(const std::string& entry) const { return zip_.entries()[index_.at(entry)].size; }

  // A pickle or a text, of an entry that is there.
  std::string text(const std::string& entry) const {
    check_usage(size(entry) <= kMaxTextBytes, file_, ": ", entry, " has ", size(entry), " bytes; at most ",
                kMaxTextBytes, " are read");
    std::string bytes(static_cast<size_t>(size(entry)), '\0');
    zip_.open(index_.at(entry))->read(bytes.data(), size(entry));
    return bytes;
  }

  // The tensors of a dict; empty unless it is a dict from strings to tensors. `stranger` names what else it
  // has.
  static Entries entries_of(const PickleValue& value, std::string& stranger) {
    auto* const* dict = std::get_if<PickleContainer*>(&value);
    if (dict == nullptr || (*dict)->kind != PickleContainer::Kind::kDict) return {};
    Entries entries;
    const auto& items = (*dict)->items;
    for (size_t i = 0; i < items.size(); i += 2) {
      const auto* name = std::get_if<std::string_view>(&items[i]);
      const auto* tensor = std::get_if<const PickledTensor*>(&items[i + 1]);
      if (name != nullptr && tensor != nullptr) {
        entries.emplace_back(*name, *tensor);
      } else {
        stranger = c10::str(name != nullptr ? "\"" + std::string(*name) + "\"" : kind_of(items[i]), " is ",
                            kind_of(items[i + 1]));
      }
    }
    return entries;
  }

  Entries state_dict(const PickleValue& root) const {
    std::string stranger;
    Entries entries = entries_of(root, stranger);
    check_usage(entries.empty() || stranger.empty(), file_, ": holds tensors, but ", stranger);
    auto* const* dict = std::get_if<PickleContainer*>(&root);
    check_usage(dict != nullptr && (*dict)->kind == PickleContainer::Kind::kDict, file_, ": holds ",
                kind_of(root), "; it must be a dict of tensors");
    if (!entries.empty()) return entries;

    std::vector<std::string> names;
    const auto& items = (*dict)->items;
    for (size_t i = 0; i < items.size(); i += 2) {
      std::string nested_stranger;
      Entries nested = entries_of(items[i + 1], nested_stranger);
      if (nested.empty() || !nested_stranger.empty()) continue;
      const auto* name = std::get_if<std::string_view>(&items[i]);
      names.push_back(name != nullptr ? "\"" + std::string(*name) + "\"" : kind_of(items[i]));
      entries = std::move(nested);
    }
    check_usage(!names.empty(), file_, ": holds no tensors");
    check_usage(names.size() == 1, file_, ": holds several dicts of tensors: ", join(names, ", "),
                "; save the one that is meant by itself");
    log_info(file_, ": the weights are those under ", names[0]);
    return entries;
  }

  // The storage's elements, read once however many tensors view it.
  const at::Tensor& storage(const std::string& name, const PickledStorage& stored) {
    const auto [found, added] = storages_.try_emplace(std::string(stored.key));
    if (!added) {
      check_usage(found->second.scalar_type() == stored.dtype && found->second.numel() == stored.size, file_,
                  ": tensor \"", name, "\": its storage ", stored.key, " is described in two ways");
      return found->second;
    }
    const std::string entry = c10::str(top_, "data/", stored.key);
    check_usage(index_.contains(entry), file_, ": tensor \"", name, "\": its storage, ", entry,
                ", is missing");
    const auto bytes = byte_count({stored.size}, int64_t(elementSize(stored.dtype)));
    check_usage(size(entry) == bytes, file_, ": tensor \"", name, "\": its storage, ", entry, ", has ",
                size(entry), " bytes where ", stored.size, " of ", stored.dtype, " should be");
    // Stored as it is, so no longer than the file, whatever the archive's directory says.
    check_usage(size(entry) <= int64_t(fs::file_size(file_)), file_, ": ", entry,
                " is compressed or damaged");
    found->second = at::empty({stored.size}, at::TensorOptions(stored.dtype));
    zip_.open(index_.at(entry))->read(found->second.mutable_data_ptr(), *bytes);
    return found->second;
  }

  at::Tensor load(const std::string& name, const PickledTensor& tensor) {
    const at::IntArrayRef sizes = tensor.sizes, strides = tensor.strides;
    const auto fail = [&](const auto&... what) {
      usage_error(file_, ": tensor \"", name, "\": ", what..., " (shape ", sizes, ", strides ", strides,
                  ", offset ", tensor.offset, ", storage ", tensor.storage.size, ")");
    };
    if (sizes.size() != strides.size()) fail("as many strides as sizes are needed");
    const auto count = byte_count(sizes, 1);
    // More elements than the storage has would be repeated ones, of which there could be any number.
    if (!count || *count > tensor.storage.size) fail("it has more elements than its storage");
    int64_t last = tensor.offset;
    for (size_t i = 0; i < sizes.size() && *count > 0; ++i) {
      int64_t reach = 0;
      if (__builtin_mul_overflow(sizes[i] - 1, strides[i], &reach) ||
          __builtin_add_overflow(last, reach, &last))
        fail("it leaves its storage");
    }
    if (tensor.offset < 0 || (*count > 0 && last >= tensor.storage.size)) fail("it leaves its storage");
    const at::Tensor& elements = storage(name, tensor.storage);
    if (*count == 0) return at::empty(sizes, elements.options());
    return elements.as_strided(sizes, strides, tensor.offset).contiguous();
  }

  std::string file_;
  ZipArchive zip_;
  std::map<std::string, size_t> index_;  // of the entries, by name
  std::string top_;                      // the folder that all entries are in, with its slash
  std::map<std::string, at::Tensor> storages_;
};

}  // namespace

TensorFile load_pth(const fs::path& path) {
  PthReader reader(path);
  return {reader.tensors(), reader.metadata()};
}

std::map<std::string, std::string> load_pth_metadata(const fs::path& path) {
  return PthReader(path).metadata();
}

}  // namespace uvic

#include "io/pth_legacy.h"

#include "core/errors.h"
#include "io/input_file.h"
#include "io/pth.h"

namespace uvic {
namespace {

using std::string_view_literals::operator""sv;

// LONG1 of ten bytes: 0x1950a86a20f9469cfc6c, torch.serialization.MAGIC_NUMBER.
constexpr auto kMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;
constexpr size_t kMagicWithin = 32;  // behind the protocol and a frame

class Storages : public StorageSource {
 public:
  /// Those of `keys`, one behind the other from `offset` on: its number of elements, and the elements.
  Storages(const std::filesystem::path& path, const Pickle& object, const PickleValue& keys, int64_t offset)
      : file_(path) {
    std::map<std::string_view, const PickledStorage*> described;
    for (const PickledStorage& storage : object.storages()) described[storage.key] = &storage;
    auto* const* list = std::get_if<PickleContainer*>(&keys);
    check_usage(list != nullptr, file_.name(), ": damaged: its list of storages is ", kind_of(keys));
    for (const PickleValue& item : (*list)->items) {
      const auto* key = std::get_if<std::string_view>(&item);
      const auto found = key == nullptr ? described.end() : described.find(*key);
      check_usage(found != described.end(), file_.name(),
                  ": holds a storage of a type that is not read; in Python, save its state dict alone");
      int64_t elements = 0;
      file_.seek(offset);
      file_.read(&elements, sizeof elements);
      offset += int64_t(sizeof elements);
      const int64_t left = file_.size() - offset;
      const auto bytes = byte_count({elements}, int64_t(elementSize(found->second->dtype)));
      check_usage(elements >= 0 && bytes, file_.name(), ": damaged: storage ", *key, " has ", elements,
                  " elements");
      check_usage(*bytes <= left, file_.name(), ": truncated: storage ", *key, " should have ", *bytes,
                  " bytes, ", left, " are left of the file's ", file_.size());
      places_[std::string(*key)] = {offset, *bytes};
      offset += *bytes;
    }
  }

  std::string place(std::string_view key) const override { return std::string(key); }
  std::optional<int64_t> size(std::string_view key) const override {
    const auto found = places_.find(std::string(key));
    return found == places_.end() ? std::nullopt : std::optional(found->second.second);
  }
  void read(std::string_view key, void* data, int64_t bytes) override {
    file_.seek(places_.at(std::string(key)).first);
    file_.read(data, bytes);
  }

 private:
  InputFile file_;
  std::map<std::string, std::pair<int64_t, int64_t>> places_;  // offset and bytes, by key
};

bool is_big_endian(const PickleValue& machine) {
  auto* const* dict = std::get_if<PickleContainer*>(&machine);
  if (dict == nullptr) return false;
  const auto& items = (*dict)->items;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    const auto* key = std::get_if<std::string_view>(&items[i]);
    const auto* value = std::get_if<bool>(&items[i + 1]);
    if (key != nullptr && *key == "little_endian") return value != nullptr && !*value;
  }
  return false;
}

}  // namespace

bool is_legacy_pth(std::string_view bytes) {
  return bytes.starts_with('\x80') && bytes.substr(0, kMagicWithin).find(kMagic) != std::string_view::npos;
}

std::unique_ptr<TensorReader> open_legacy_pth(const std::filesystem::path& path) {
  const auto start = read_file(path, kMaxPickleBytes).bytes;
  PthContents contents{.file = path.string(),
                       .text = std::make_unique<std::string>(start.begin(), start.end())};
  const std::string& text = *contents.text;
  const Pickle magic(text, contents.file), version(text, contents.file, magic.end()),
      machine(text, contents.file, version.end());
  check_usage(!is_big_endian(machine.root()), contents.file, ": its numbers are not in little-endian order");
  contents.pickle = std::make_unique<Pickle>(text, contents.file, machine.end());
  const Pickle keys(text, contents.file, contents.pickle->end());
  contents.storages = std::make_unique<Storages>(path, *contents.pickle, keys.root(), int64_t(keys.end()));
  return read_tensors_of(std::move(contents));
}

}  // namespace uvic

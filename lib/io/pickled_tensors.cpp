#include "io/pickled_tensors.h"

#include <c10/util/StringUtil.h>

#include <algorithm>
#include <set>

#include "core/errors.h"
#include "core/options.h"
#include "core/text.h"

namespace uvic {
namespace {

constexpr int kMaxDepth = 100;
constexpr size_t kMaxOutlined = 8, kMaxSettings = 1000, kMaxSetting = 1000;
// For settings: a dict may be named by any number of keys of another.
constexpr size_t kMaxLookedAt = 1'000'000;
// Of the names that are made, with some for each tensor: a pickle of a few bytes can name millions.
constexpr size_t kMaxNameBytes = size_t{64} << 20, kTensorBytes = 64, kMaxName = 4096;

std::string key_text(const PickleValue& key) {
  if (const auto* text = std::get_if<std::string_view>(&key))
    return std::string(text->substr(0, kMaxName + 1));
  if (const auto* number = std::get_if<int64_t>(&key)) return std::to_string(*number);
  return "(" + kind_of(key) + ")";
}

// What a pickled torch.nn.Module keeps its parts in; a state dict does not name it.
bool is_part_of_module(std::string_view key) {
  return key == "_modules" || key == "_parameters" || key == "_buffers";
}

// PyTorch's functions for tensors of other kinds (sparse, quantised, complex), NumPy's for arrays.
bool makes_array(std::string_view function) {
  return function.starts_with("_rebuild_") || function == "_reconstruct" || function == "_frombuffer";
}

class Walk {
 public:
  explicit Walk(const std::string& source) : source_(source) {}
  FoundTensors found;

  // `path` ends in a dot unless it is empty. Inside an object all names belong to it.
  void visit(const PickleValue& value, const std::string& path, size_t nested, bool in_object, int depth) {
    if (path.size() > kMaxName) return;  // keys of something else
    const auto push = [&](const PickledTensor* tensor, std::optional<PickledArray> array) {
      std::string name = named(path);
      const size_t inside = std::min(nested, name.size());  // an object may be the tensor itself
      found.tensors.push_back({std::move(name), inside, tensor, std::move(array)});
    };
    if (const auto* tensor = std::get_if<const PickledTensor*>(&value)) push(*tensor, std::nullopt);
    auto* const* pointer = std::get_if<PickleContainer*>(&value);
    if (pointer == nullptr || depth > kMaxDepth || !seen_.insert(*pointer).second) return;
    const PickleContainer& container = **pointer;
    if (auto array = array_of(container)) {
      push(nullptr, std::move(array));
    } else if (makes_array(container.type.name)) {
      found.unread.push_back(named(path));
    }
    using Kind = PickleContainer::Kind;
    const bool pairs = container.kind == Kind::kDict || container.kind == Kind::kObject;
    if (!in_object) nested = path.size();
    in_object |= container.kind == Kind::kObject;
    for (size_t i = 0; i + (pairs ? 1 : 0) < container.items.size(); i += pairs ? 2 : 1) {
      const PickleValue& item = container.items[pairs ? i + 1 : i];
      visit(item, path + step(container, i, in_object), nested, in_object, depth + 1);
    }
  }

 private:
  std::string named(const std::string& path) {
    check_usage((name_bytes_ += path.size() + kTensorBytes) < kMaxNameBytes, source_,
                ": holds more names and tensors than weights have");
    return path.substr(0, path.empty() ? 0 : path.size() - 1);
  }

  static std::string step(const PickleContainer& container, size_t i, bool in_object) {
    using Kind = PickleContainer::Kind;
    if (container.kind == Kind::kTuple && in_object) return "";  // arguments and states
    if (container.kind == Kind::kTuple || container.kind == Kind::kList) return std::to_string(i) + ".";
    const PickleValue& key = container.items[i];
    if (container.kind == Kind::kObject && std::holds_alternative<std::monostate>(key)) return "";
    const std::string text = key_text(key);
    return in_object && is_part_of_module(text) ? "" : text + ".";
  }

  const std::string& source_;
  size_t name_bytes_ = 0;
  std::set<const PickleContainer*> seen_;
};

// A number or a text; empty for anything else.
std::string plain_text(const PickleValue& value) {
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value)) return value_text(*number);
  const auto* text = std::get_if<std::string_view>(&value);
  return text != nullptr && text->size() <= kMaxSetting ? std::string(*text) : "";
}

void add_settings(const PickleValue& value, const std::string& path, int depth, size_t& looked_at,
                  std::map<std::string, std::string>& settings) {
  auto* const* pointer = std::get_if<PickleContainer*>(&value);
  if (pointer == nullptr || (*pointer)->kind != PickleContainer::Kind::kDict) return;
  const auto& items = (*pointer)->items;
  for (size_t i = 0; i + 1 < items.size() && settings.size() < kMaxSettings; i += 2) {
    if (++looked_at > kMaxLookedAt) return;
    const std::string name = path + key_text(items[i]);
    if (const std::string text = plain_text(items[i + 1]); !text.empty()) settings[name] = text;
    if (depth > 0) add_settings(items[i + 1], name + ".", depth - 1, looked_at, settings);
  }
}

}  // namespace

std::map<std::string, std::string> settings_of(const PickleValue& root) {
  std::map<std::string, std::string> settings;
  size_t looked_at = 0;
  add_settings(root, "", 1, looked_at, settings);
  return settings;
}

FoundTensors tensors_of(const PickleValue& root, const std::string& source) {
  Walk walk(source);
  walk.visit(root, "", 0, false, 0);
  return std::move(walk.found);
}

std::string outline_of(const PickleValue& root) {
  auto* const* pointer = std::get_if<PickleContainer*>(&root);
  if (pointer == nullptr || (*pointer)->kind == PickleContainer::Kind::kObject) return kind_of(root);
  const PickleContainer& container = **pointer;
  const bool dict = container.kind == PickleContainer::Kind::kDict;
  std::vector<std::string> parts;
  for (size_t i = 0; i < std::min(container.size(), kMaxOutlined); ++i) {
    const PickleValue& item = container.items[dict ? 2 * i : i];
    const auto* number = std::get_if<int64_t>(&item);
    parts.push_back(dict ? key_text(item) : number != nullptr ? std::to_string(*number) : kind_of(item));
  }
  if (container.size() > kMaxOutlined) parts.emplace_back("...");
  const std::string text = c10::str(kind_of(root), " of ", container.size());
  return parts.empty() ? text : text + " (" + join(parts, ", ") + ")";
}

}  // namespace uvic

#include "io/pickle_torch.h"

#include <tuple>
#include <utility>

namespace uvic {
namespace {

constexpr std::pair<const char*, at::ScalarType> kStorages[] = {
    {"DoubleStorage", at::kDouble},     {"FloatStorage", at::kFloat}, {"HalfStorage", at::kHalf},
    {"BFloat16Storage", at::kBFloat16}, {"LongStorage", at::kLong},   {"IntStorage", at::kInt},
    {"ShortStorage", at::kShort},       {"CharStorage", at::kChar},   {"ByteStorage", at::kByte},
    {"BoolStorage", at::kBool}};

constexpr size_t kMaxDimensions = 64;  // as PyTorch's own limit

template <class T>
T expect(const PickleValue& value, const char* what) {
  const T* found = std::get_if<T>(&value);
  pickle_check(found != nullptr, what, " is ", kind_of(value));
  return *found;
}

const std::vector<PickleValue>& expect_tuple(const PickleValue& value, const char* what) {
  auto* const* container = std::get_if<PickleContainer*>(&value);
  pickle_check(container != nullptr && (*container)->kind == PickleContainer::Kind::kTuple, what, " is ",
               kind_of(value), ", not a tuple");
  return (*container)->items;
}

std::vector<int64_t> expect_sizes(const PickleValue& value, const char* what) {
  std::vector<int64_t> sizes;
  const auto& items = expect_tuple(value, what);
  // One long tuple, remembered and named by many tensors, could fill the memory.
  pickle_check(items.size() <= kMaxDimensions, what, " has ", items.size(), " dimensions");
  for (const PickleValue& item : items) {
    sizes.push_back(expect<int64_t>(item, what));
    pickle_check(sizes.back() >= 0, what, " holds ", sizes.back());
  }
  return sizes;
}

}  // namespace

PickleGlobal pickle_global(std::string_view module, std::string_view name) {
  using Kind = PickleGlobal::Kind;
  static constexpr std::tuple<std::string_view, std::string_view, Kind> kKnown[] = {
      {"collections", "OrderedDict", Kind::kOrderedDict},
      {"collections", "defaultdict", Kind::kDefaultDict},
      {"torch._utils", "_rebuild_tensor", Kind::kRebuildTensor},
      {"torch._utils", "_rebuild_tensor_v2", Kind::kRebuildTensor},
      {"torch._utils", "_rebuild_parameter", Kind::kRebuildParameter},
      {"torch._utils", "_rebuild_parameter_with_state", Kind::kRebuildParameter},
      {"torch._tensor", "_rebuild_from_type_v2", Kind::kRebuildFromType}};
  for (const auto& [known_module, known_name, kind] : kKnown) {
    if (module == known_module && name == known_name) return {kind, module, name};
  }
  if (module == "torch") {
    for (const auto& [storage, dtype] : kStorages) {
      if (name == storage) return {Kind::kStorage, module, name, dtype};
    }
  }
  return {Kind::kUnknown, module, name};
}

std::optional<PickleGlobal> unknown_persistent(const PickleValue& id) {
  auto* const* container = std::get_if<PickleContainer*>(&id);
  if (container == nullptr || (*container)->items.size() < 2) return std::nullopt;
  const auto& parts = (*container)->items;
  const auto* type = std::get_if<PickleGlobal>(&parts[1]);
  if (type == nullptr) return std::nullopt;
  const bool view = parts.size() == 6 && !std::holds_alternative<std::monostate>(parts[5]);
  return type->kind != PickleGlobal::Kind::kStorage || view ? std::optional(*type) : std::nullopt;
}

PickledStorage to_storage(const PickleValue& id) {
  const auto& parts = expect_tuple(id, "a persistent id");
  pickle_check((parts.size() == 5 || parts.size() == 6) &&
                   expect<std::string_view>(parts[0], "the kind of a persistent id") == "storage",
               "a persistent id is not ('storage', type, key, device, size)");
  const auto type = expect<PickleGlobal>(parts[1], "the type of a storage");
  pickle_check(type.kind == PickleGlobal::Kind::kStorage, "the type of a storage is no storage");
  const auto size = expect<int64_t>(parts[4], "the size of a storage");
  pickle_check(size >= 0, "the size of a storage is ", size);
  return {type.dtype, expect<std::string_view>(parts[2], "the key of a storage"), size};
}

PickledTensor rebuild_tensor(const std::vector<PickleValue>& arguments) {
  pickle_check(arguments.size() == 4 || arguments.size() == 6 || arguments.size() == 7,
               "_rebuild_tensor_v2 has ", arguments.size(), " arguments");
  return {*expect<const PickledStorage*>(arguments[0], "the storage of a tensor"),
          expect<int64_t>(arguments[1], "the offset of a tensor"),
          expect_sizes(arguments[2], "the shape of a tensor"),
          expect_sizes(arguments[3], "the strides of a tensor")};
}

const PickledTensor* rebuild_parameter(const std::vector<PickleValue>& arguments) {
  pickle_check(arguments.size() == 3 || arguments.size() == 4, "_rebuild_parameter has ", arguments.size(),
               " arguments");
  return expect<const PickledTensor*>(arguments[0], "a parameter");
}

}  // namespace uvic

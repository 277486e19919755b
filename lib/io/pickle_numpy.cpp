#include "io/pickle_numpy.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstring>

#include "io/input_file.h"

namespace uvic {
namespace {

constexpr std::pair<std::string_view, at::ScalarType> kPickledDtypes[] = {
    {"f8", at::kDouble}, {"f4", at::kFloat}, {"f2", at::kHalf}, {"i8", at::kLong}, {"i4", at::kInt},
    {"i2", at::kShort},  {"i1", at::kChar},  {"u1", at::kByte}, {"b1", at::kBool}};

template <class T>
const T* at_index(const std::vector<PickleValue>& values, size_t i) {
  return i < values.size() ? std::get_if<T>(&values[i]) : nullptr;
}

const PickleContainer* container_at(const std::vector<PickleValue>& values, size_t i,
                                    PickleContainer::Kind kind) {
  auto* const* found = at_index<PickleContainer*>(values, i);
  return found != nullptr && (*found)->kind == kind ? *found : nullptr;
}

constexpr auto kObject = PickleContainer::Kind::kObject, kTuple = PickleContainer::Kind::kTuple;

// An object's arguments are the values of keys that are None.
const PickleValue* argument(const PickleContainer& object, size_t i) {
  return 2 * i + 1 < object.items.size() ? &object.items[2 * i + 1] : nullptr;
}

// numpy.dtype("f4", False, True), its state (3, "<", ...): the order of bytes.
bool read_dtype(const PickleContainer* object, PickledArray& array) {
  if (object == nullptr || object->type.name != "dtype") return false;
  const PickleValue *code = argument(*object, 0), *state = argument(*object, 3);
  if (code == nullptr || state == nullptr) return false;
  const auto* name = std::get_if<std::string_view>(code);
  auto* const* parts = std::get_if<PickleContainer*>(state);
  const auto* order = parts == nullptr ? nullptr : at_index<std::string_view>((*parts)->items, 1);
  if (name == nullptr || order == nullptr || *order == ">") return false;
  const auto* const known = std::find_if(std::begin(kPickledDtypes), std::end(kPickledDtypes),
                                         [&](const auto& dtype) { return dtype.first == *name; });
  if (known == std::end(kPickledDtypes)) return false;
  array.dtype = known->second;
  return true;
}

bool read_sizes(const PickleContainer* tuple, PickledArray& array) {
  if (tuple == nullptr || tuple->items.size() > 64) return false;
  for (size_t i = 0; i < tuple->items.size(); ++i) {
    const auto* size = at_index<int64_t>(tuple->items, i);
    if (size == nullptr || *size < 0) return false;
    array.sizes.push_back(*size);
  }
  return true;
}

// Bytes, or what protocol 2 makes of them: _codecs.encode(text, "latin1").
bool read_bytes(const std::vector<PickleValue>& values, size_t i, PickledArray& array) {
  const auto* bytes = at_index<std::string_view>(values, i);
  if (const auto* encoded = container_at(values, i, kObject); encoded != nullptr) {
    const PickleValue* text = encoded->type.name == "encode" ? argument(*encoded, 0) : nullptr;
    bytes = text == nullptr ? nullptr : std::get_if<std::string_view>(text);
    array.latin1 = true;
  }
  if (bytes != nullptr) array.bytes = *bytes;
  return bytes != nullptr;
}

bool is_start(char byte) {  // of a character
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

}  // namespace

std::optional<PickledArray> array_of(const PickleContainer& object) {
  PickledArray array;
  if (!object.type.module.starts_with("numpy")) return std::nullopt;
  if (object.type.name ==
      "_reconstruct") {  // (ndarray, (0,), b"b"), then (version, shape, dtype, order, bytes)
    const PickleValue* last = argument(object, 3);
    auto* const* state = last == nullptr ? nullptr : std::get_if<PickleContainer*>(last);
    if (state == nullptr) return std::nullopt;
    const auto& parts = (*state)->items;
    const auto* order = at_index<bool>(parts, 3);
    if (order == nullptr || !read_sizes(container_at(parts, 1, kTuple), array) ||
        !read_dtype(container_at(parts, 2, kObject), array) || !read_bytes(parts, 4, array))
      return std::nullopt;
    array.fortran_order = *order;
    return array;
  }
  if (object.type.name != "_frombuffer") return std::nullopt;  // (bytes, dtype, shape, order)
  std::vector<PickleValue> parts;
  for (size_t i = 0; i < 4 && argument(object, i) != nullptr; ++i) parts.push_back(*argument(object, i));
  const auto* order = at_index<std::string_view>(parts, 3);
  if (order == nullptr || !read_bytes(parts, 0, array) ||
      !read_dtype(container_at(parts, 1, kObject), array) ||
      !read_sizes(container_at(parts, 2, kTuple), array))
    return std::nullopt;
  array.fortran_order = *order == "F";
  return array;
}

bool PickledArray::is_whole() const {
  const auto there = latin1 ? std::count_if(bytes.begin(), bytes.end(), is_start) : int64_t(bytes.size());
  return byte_count(sizes, int64_t(c10::elementSize(dtype))) == there;
}

at::Tensor PickledArray::load() const {
  std::vector<int64_t> shape = sizes;
  if (fortran_order) std::reverse(shape.begin(), shape.end());
  const at::Tensor tensor = at::empty(shape, at::TensorOptions(dtype));
  auto* out = static_cast<char*>(tensor.mutable_data_ptr());
  if (!latin1) std::memcpy(out, bytes.data(), tensor.nbytes());
  // Two bytes, 110000xx 10xxxxxx, for characters from 128.
  for (size_t i = 0, next = 0; latin1 && i < bytes.size() && next < tensor.nbytes(); ++i, ++next) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const bool two = first >= 0x80 && i + 1 < bytes.size();
    out[next] = two ? char(first << 6U | (static_cast<unsigned char>(bytes[++i]) & 0x3FU)) : bytes[i];
  }
  if (!fortran_order || tensor.dim() < 2) return tensor;
  std::vector<int64_t> order(shape.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = int64_t(order.size() - 1 - i);
  return tensor.permute(order).contiguous();
}

}  // namespace uvic

#include "io/npy_header.h"

#include <ATen/ATen.h>

#include <charconv>
#include <string_view>

#include "core/dtype.h"
#include "core/errors.h"
#include "io/input_file.h"

namespace uvic {
namespace {

constexpr std::string_view kNpyMagic("\x93NUMPY\x01\x00", 8);
constexpr size_t kMostDimensions = 64;            // as NumPy's own limit
constexpr size_t kPrefix = kNpyMagic.size() + 2;  // the header's length, u16, follows

struct NpyDtype {
  at::ScalarType dtype;
  std::string_view name;
};
constexpr NpyDtype kNpyDtypes[] = {{at::kFloat, "<f4"}, {at::kDouble, "<f8"}, {at::kLong, "<i8"},
                                   {at::kInt, "<i4"},   {at::kUInt32, "<u4"}, {at::kUInt16, "<u2"},
                                   {at::kByte, "|u1"},  {at::kHalf, "<f2"},   {at::kBool, "|b1"}};

/// Removes `expected` from the front of `text`.
bool consume(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// "", "3," or "2, 3" up to the closing parenthesis.
bool consume_shape(std::string_view& text, std::vector<int64_t>& shape) {
  while (!text.starts_with(")")) {
    int64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || size < 0) return false;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    shape.push_back(size);
    if (!consume(text, ", ") && !consume(text, ",") && !text.starts_with(")")) return false;
  }
  return true;
}

bool consume_order(std::string_view& text, bool& fortran_order) {
  if (!consume(text, "', 'fortran_order': ")) return false;
  fortran_order = text.starts_with("True");
  return consume(text, fortran_order ? "True" : "False");
}

}  // namespace

std::string npy_header(at::ScalarType dtype, at::IntArrayRef shape) {
  std::string_view name;
  for (const NpyDtype& known : kNpyDtypes) {
    if (known.dtype == dtype) name = known.name;
  }
  TORCH_CHECK(!name.empty(),
              ".npy takes float16, float32, float64, int64, int32, uint32, uint16, uint8 or bool here, got ",
              dtype_name(dtype));
  std::string header = c10::str("{'descr': '", name, "', 'fortran_order': False, 'shape': (");
  for (size_t i = 0; i < shape.size(); ++i) header += c10::str(i > 0 ? ", " : "", shape[i]);
  header += shape.size() == 1 ? ",), }" : "), }";
  const size_t total = (kPrefix + header.size() + 1 + 63) / 64 * 64;
  header.resize(total - kPrefix - 1, ' ');
  header += '\n';
  const auto length = static_cast<uint16_t>(header.size());
  return std::string(kNpyMagic) + std::string(reinterpret_cast<const char*>(&length), sizeof length) + header;
}

NpyHeader read_npy_header(const ReadBytes& read, const std::string& name) {
  std::string prefix(kNpyMagic.size(), '\0');
  read(prefix.data(), static_cast<int64_t>(prefix.size()));
  check_usage(prefix == kNpyMagic, name, ": not a .npy file of format 1.0");
  uint16_t length = 0;
  read(&length, sizeof length);
  std::string header(length, '\0');
  read(header.data(), length);

  std::string_view text = header;
  check_usage(consume(text, "{'descr': '"), name, ": malformed header");
  const std::string_view descr = text.substr(0, text.find('\''));
  const NpyDtype* dtype = nullptr;
  for (const NpyDtype& known : kNpyDtypes) {
    if (known.name == descr) dtype = &known;
  }
  check_usage(dtype != nullptr, name, ": dtype '", descr,
              "' is not one of <f2, <f4, <f8, <i8, <i4, <u4, <u2, |u1, |b1");
  text.remove_prefix(descr.size());
  NpyHeader result{.dtype = dtype->dtype, .shape = {}, .fortran_order = false, .bytes = 0};
  const bool ok = consume_order(text, result.fortran_order) && consume(text, ", 'shape': (") &&
                  consume_shape(text, result.shape) && consume(text, "), }") &&
                  text.find_first_not_of(" \n") == std::string_view::npos;
  check_usage(ok, name, ": malformed header: ", header);
  check_usage(result.shape.size() <= kMostDimensions, name, ": has ", result.shape.size(), " dimensions");
  const auto bytes = byte_count(result.shape, static_cast<int64_t>(c10::elementSize(result.dtype)));
  check_usage(bytes.has_value(), name, ": shape ", at::IntArrayRef(result.shape), " of ", descr,
              " does not fit into memory");
  result.bytes = *bytes;
  return result;
}

void check_npy_fits(const NpyHeader& header, int64_t present, const std::string& name) {
  check_usage(header.bytes == present, name, ": shape ", at::IntArrayRef(header.shape), " of ",
              dtype_name(header.dtype), " does not fit the ", present,
              " bytes of data; the file may be truncated");
}

at::Tensor read_npy_data(const NpyHeader& header, const ReadBytes& read) {
  std::vector<int64_t> shape = header.shape;
  if (header.fortran_order) std::reverse(shape.begin(), shape.end());
  at::Tensor tensor = at::empty(shape, at::TensorOptions(header.dtype));
  read(tensor.mutable_data_ptr(), header.bytes);
  if (!header.fortran_order || tensor.dim() < 2) return tensor;
  std::vector<int64_t> order(shape.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = int64_t(order.size() - 1 - i);
  return tensor.permute(order).contiguous();
}

}  // namespace uvic

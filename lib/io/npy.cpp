#include "io/npy.h"

#include <ATen/core/Tensor.h>

#include <charconv>
#include <string_view>
#include <vector>

#include "core/errors.h"
#include "io/atomic_file.h"
#include "io/input_file.h"

namespace uvic {
namespace {

constexpr std::string_view kMagic("\x93NUMPY\x01\x00", 8);
constexpr size_t kPrefix = kMagic.size() + 2;  // the header's length, u16, follows

struct DtypeName {
  at::ScalarType dtype;
  std::string_view name;
};
constexpr DtypeName kDtypes[] = {
    {at::kFloat, "<f4"}, {at::kDouble, "<f8"}, {at::kLong, "<i8"}, {at::kByte, "|u1"}};

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

}  // namespace

void save_npy(const std::filesystem::path& path, const at::Tensor& tensor) {
  std::string_view name;
  for (const DtypeName& known : kDtypes) {
    if (known.dtype == tensor.scalar_type()) name = known.name;
  }
  TORCH_CHECK(!name.empty(), "save_npy takes float32, float64, int64 or uint8, got ", tensor.scalar_type());
  std::string header = c10::str("{'descr': '", name, "', 'fortran_order': False, 'shape': (");
  for (int64_t i = 0; i < tensor.dim(); ++i) header += c10::str(i > 0 ? ", " : "", tensor.size(i));
  header += tensor.dim() == 1 ? ",), }" : "), }";
  const size_t total =
      (kPrefix + header.size() + 1 + 63) / 64 * 64;  // the data start at a multiple of 64 bytes
  header.resize(total - kPrefix - 1, ' ');
  header += '\n';

  const at::Tensor values = tensor.detach().to(at::kCPU).contiguous();
  const auto length = static_cast<uint16_t>(header.size());
  write_file_atomically(path, [&](std::ostream& stream) {
    stream << kMagic;
    stream.write(reinterpret_cast<const char*>(&length), sizeof length);
    stream << header;
    stream.write(static_cast<const char*>(values.const_data_ptr()),
                 static_cast<std::streamsize>(values.nbytes()));
  });
}

at::Tensor load_npy(const std::filesystem::path& path) {
  InputFile file(path);
  std::string prefix(kMagic.size(), '\0');
  file.read(prefix.data(), static_cast<int64_t>(prefix.size()));
  check_usage(prefix == kMagic, file.name(), ": not a .npy file of format 1.0");
  uint16_t length = 0;
  file.read(&length, sizeof length);
  std::string header(length, '\0');
  file.read(header.data(), length);

  std::string_view text = header;
  check_usage(consume(text, "{'descr': '"), file.name(), ": malformed header");
  const std::string_view name = text.substr(0, text.find('\''));
  const DtypeName* dtype = nullptr;
  for (const DtypeName& known : kDtypes) {
    if (known.name == name) dtype = &known;
  }
  check_usage(dtype != nullptr, file.name(), ": dtype '", name, "' is not one of <f4, <f8, <i8, |u1");
  text.remove_prefix(name.size());
  std::vector<int64_t> shape;
  const bool ok = consume(text, "', 'fortran_order': False, 'shape': (") && consume_shape(text, shape) &&
                  consume(text, "), }") && text.find_first_not_of(" \n") == std::string_view::npos;
  check_usage(ok, file.name(), ": malformed header, or not in C order: ", header);

  const auto bytes = byte_count(shape, static_cast<int64_t>(c10::elementSize(dtype->dtype)));
  const int64_t present = file.size() - static_cast<int64_t>(kPrefix) - length;
  check_usage(bytes == present, file.name(), ": shape ", at::IntArrayRef(shape), " of ", name,
              " does not fit the ", present, " bytes of data; the file may be truncated");
  return file.read_tensor(shape, dtype->dtype);
}

}  // namespace uvic

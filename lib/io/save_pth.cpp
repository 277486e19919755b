#include "io/save_pth.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "core/dtype.h"
#include "io/write_zip.h"

namespace uvic {
namespace {

const char* storage_name(at::ScalarType dtype, const std::string& tensor) {
  switch (dtype) {
    case at::kDouble:
      return "DoubleStorage";
    case at::kFloat:
      return "FloatStorage";
    case at::kHalf:
      return "HalfStorage";
    case at::kBFloat16:
      return "BFloat16Storage";
    case at::kLong:
      return "LongStorage";
    case at::kInt:
      return "IntStorage";
    case at::kShort:
      return "ShortStorage";
    case at::kChar:
      return "CharStorage";
    case at::kByte:
      return "ByteStorage";
    case at::kBool:
      return "BoolStorage";
    default:
      TORCH_CHECK(false, "a .pth cannot hold ", tensor, " of ", dtype_name(dtype));
  }
}

/// Opcodes of protocol 2 (CPython's Lib/pickletools.py), appended to a string.
class PickleWriter {
 public:
  void opcodes(std::string_view codes) { bytes_ += codes; }
  void global(const std::string& module, const std::string& name) {
    bytes_ += "c" + module + "\n" + name + "\n";
  }
  void text(const std::string& value) {
    bytes_ += 'X';
    little_endian(value.size(), 4);
    bytes_ += value;
  }
  void integer(int64_t value) {
    if (value >= 0 && value <= std::numeric_limits<int32_t>::max()) {
      bytes_ += 'J';
      little_endian(static_cast<uint64_t>(value), 4);
    } else {
      bytes_ += "\x8a\x08";
      little_endian(static_cast<uint64_t>(value), 8);
    }
  }
  void tuple(at::IntArrayRef values) {
    bytes_ += '(';
    for (const int64_t value : values) integer(value);
    bytes_ += 't';
  }
  std::string take() { return std::move(bytes_); }

 private:
  void little_endian(uint64_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_ += static_cast<char>(value >> (8 * i));
  }
  std::string bytes_;
};

// {name: _rebuild_tensor_v2(storage i, 0, sizes, strides, False, OrderedDict())}, one storage a tensor.
std::string pickle_of(const TensorMap& tensors) {
  PickleWriter out;
  out.opcodes("\x80\x02");
  out.global("collections", "OrderedDict");
  out.opcodes(")R(");
  int64_t key = 0;
  for (const auto& [name, tensor] : tensors) {
    out.text(name);
    out.global("torch._utils", "_rebuild_tensor_v2");
    out.opcodes("((");
    out.text("storage");
    out.global("torch", storage_name(tensor.scalar_type(), name));
    out.text(std::to_string(key++));
    out.text("cpu");
    out.integer(tensor.numel());
    out.opcodes("tQ");
    out.integer(0);
    out.tuple(tensor.sizes());
    out.tuple(tensor.strides());
    out.opcodes("\x89");
    out.global("collections", "OrderedDict");
    out.opcodes(")RtR");
  }
  out.opcodes("u.");
  return out.take();
}

}  // namespace

void save_pth(const std::filesystem::path& path, const TensorMap& tensors,
              const std::map<std::string, std::string>& metadata) {
  TensorMap values;
  for (const auto& [name, tensor] : tensors) values[name] = tensor.detach().to(at::kCPU).contiguous();
  const std::string pickle = pickle_of(values);
  std::vector<ZipEntry> entries;
  const auto add = [&](const std::string& name, const void* data, size_t size) {
    entries.push_back({"archive/" + name, data, static_cast<int64_t>(size)});
  };
  const auto add_text = [&](const std::string& name, const std::string& text) {
    add(name, text.data(), text.size());
  };
  const std::string order = "little", version = "3\n";
  add_text("data.pkl", pickle);
  add_text("byteorder", order);
  int64_t key = 0;
  for (const auto& [name, tensor] : values)
    add("data/" + std::to_string(key++), tensor.const_data_ptr(), tensor.nbytes());
  add_text("version", version);
  for (const auto& [name, text] : metadata) add_text("extra/" + name, text);
  write_zip(path, entries);
}

}  // namespace uvic

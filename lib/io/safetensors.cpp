#include "io/safetensors.h"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <vector>

#include "io/atomic_file.h"
#include "io/input_file.h"
#include "io/safetensors_header.h"

namespace uvic {
namespace {

class SafetensorsReader : public TensorReader {
 public:
  explicit SafetensorsReader(const std::filesystem::path& path) : file_(path) {
    SafetensorsHeader header = read_safetensors_header(file_);
    name_ = file_.name();
    metadata_ = std::move(header.metadata);
    entries_ = std::move(header.entries);
    for (const auto& entry : entries_) tensors_.push_back({entry.name, 0, entry.shape});
    data_ = header.data;
  }
  void check(size_t /*index*/) const override {}  // the header was
  at::Tensor read(size_t index) override {
    file_.seek(data_ + entries_[index].begin);
    return file_.read_tensor(entries_[index].shape, entries_[index].dtype);
  }

 private:
  InputFile file_;
  std::vector<SafetensorsHeader::Entry> entries_;
  int64_t data_ = 0;  // where the tensors begin
};

}  // namespace

bool is_safetensors(std::string_view bytes) {
  const size_t first = bytes.find_first_not_of(" \t\r\n", sizeof(uint64_t));
  return first != std::string_view::npos && bytes[first] == '{';
}

std::unique_ptr<TensorReader> open_safetensors(const std::filesystem::path& path) {
  return std::make_unique<SafetensorsReader>(path);
}

SafeTensors load_safetensors(const std::filesystem::path& path) {
  SafetensorsReader reader(path);
  SafeTensors result{.tensors = {}, .metadata = reader.metadata()};
  for (size_t i = 0; i < reader.tensors().size(); ++i)
    result.tensors[reader.tensors()[i].name] = reader.read(i);
  return result;
}

std::map<std::string, std::string> load_safetensors_metadata(const std::filesystem::path& path) {
  InputFile file(path);
  return read_safetensors_header(file).metadata;
}

void save_safetensors(const std::filesystem::path& path, const TensorMap& tensors,
                      const std::map<std::string, std::string>& metadata) {
  // Wide types first, so that every tensor is aligned; the header is in the order of names.
  std::vector<TensorMap::const_iterator> order;
  for (auto it = tensors.begin(); it != tensors.end(); ++it) order.push_back(it);
  std::stable_sort(order.begin(), order.end(),
                   [](auto a, auto b) { return a->second.element_size() > b->second.element_size(); });
  std::vector<SafetensorsHeader::Entry> entries;
  int64_t end = 0;
  for (const auto& it : order) {
    const int64_t begin = end;
    end += static_cast<int64_t>(it->second.nbytes());
    entries.push_back({it->first, it->second.scalar_type(), it->second.sizes().vec(), begin, end});
  }
  const std::string header = safetensors_header(entries, metadata);
  write_file_atomically(path, [&](std::ostream& stream) {
    stream << header;
    for (const auto& it : order) {
      const at::Tensor values = it->second.detach().to(at::kCPU).contiguous();
      stream.write(static_cast<const char*>(values.const_data_ptr()),
                   static_cast<std::streamsize>(values.nbytes()));
    }
  });
}

}  // namespace uvic

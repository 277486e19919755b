#include "io/tensor_file.h"

#include <string_view>

#include "core/errors.h"
#include "io/content_kind.h"
#include "io/pth.h"
#include "io/pth_legacy.h"
#include "io/read_file.h"
#include "io/safetensors.h"

namespace uvic {

std::unique_ptr<TensorReader> open_tensor_file(const std::filesystem::path& path) {
  const FileBytes start = read_file(path, kContentBytes);
  const std::string_view bytes(reinterpret_cast<const char*>(start.bytes.data()), start.bytes.size());
  if (bytes.starts_with("PK\x03\x04")) return open_pth(path);
  if (is_legacy_pth(bytes)) return open_legacy_pth(path);
  if (is_safetensors(bytes)) return open_safetensors(path);
  refuse_content(bytes, start.file_size, path.string(), "weights in safetensors or of torch.save");
}

TensorFile read_all(TensorReader& reader) {
  TensorFile file{.tensors = {}, .metadata = reader.metadata()};
  for (size_t i = 0; i < reader.tensors().size(); ++i) {
    const std::string& name = reader.tensors()[i].name;
    check_usage(file.tensors.emplace(name, reader.read(i)).second, reader.name(), ": \"", name,
                "\" appears twice");
  }
  return file;
}

TensorFile load_tensor_file(const std::filesystem::path& path) {
  return read_all(*open_tensor_file(path));
}

std::map<std::string, std::string> load_tensor_file_metadata(const std::filesystem::path& path) {
  return open_tensor_file(path)->metadata();
}

}  // namespace uvic

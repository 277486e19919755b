#include "io/tensor_file.h"

#include <string_view>

#include "io/pth.h"
#include "io/read_file.h"
#include "io/safetensors.h"

namespace uvic {
namespace {

bool is_pth(const std::filesystem::path& path) {
  const auto start = read_file(path, 4).bytes;
  const std::string_view bytes(reinterpret_cast<const char*>(start.data()), start.size());
  return bytes == "PK\x03\x04" || bytes == kLegacyPthStart || path.extension() == ".pth" ||
         path.extension() == ".pt";
}

}  // namespace

TensorFile load_tensor_file(const std::filesystem::path& path) {
  return is_pth(path) ? load_pth(path) : load_safetensors(path);
}

std::map<std::string, std::string> load_tensor_file_metadata(const std::filesystem::path& path) {
  return is_pth(path) ? load_pth_metadata(path) : load_safetensors_metadata(path);
}

}  // namespace uvic

#include "io/tensor_file.h"

#include <array>
#include <fstream>

#include "io/pth.h"
#include "io/safetensors.h"

namespace uvic {
namespace {

// A file that cannot be read is left to the safetensors reader's message.
bool is_pth(const std::filesystem::path& path) {
  std::array<char, 4> start{};
  std::ifstream(path, std::ios::binary).read(start.data(), start.size());
  const std::string_view bytes(start.data(), start.size());
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

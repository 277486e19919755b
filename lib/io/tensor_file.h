// Named tensors in a file, of whatever format.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <string>

namespace uvic {

using TensorMap = std::map<std::string, at::Tensor>;

struct TensorFile {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;  ///< ours: `uvic.config` and so on
};

/// Reads a safetensors file or a .pth of torch.save, told apart by what they hold; errors as load_safetensors
/// and load_pth.
TensorFile load_tensor_file(const std::filesystem::path& path);

/// Only the metadata.
std::map<std::string, std::string> load_tensor_file_metadata(const std::filesystem::path& path);

}  // namespace uvic

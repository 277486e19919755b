// Named tensors in a file, of whatever format.
#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace uvic {

using TensorMap = std::map<std::string, at::Tensor>;

struct TensorFile {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;  ///< ours: `uvic.config` and so on
};

/// A tensor that is not read yet.
struct StoredTensor {
  std::string name;   ///< with the keys and indexes of all that it lies in: "state_dict.model.pos_embed"
  size_t nested = 0;  ///< as much of the name says where it lies: "state_dict."
  std::vector<int64_t> shape = {};
};

/// An open file of tensors.
class TensorReader {
 public:
  virtual ~TensorReader() = default;
  const std::string& name() const { return name_; }
  /// In the file's own order.
  const std::vector<StoredTensor>& tensors() const { return tensors_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// Numbers and texts that the dicts of a pickle keep beside the tensors: {"model_cfg.dim", "64"}.
  const std::map<std::string, std::string>& settings() const { return settings_; }
  /// "a list of 3 (a dict, an int, a tensor)"; empty where a file can only be a list of tensors.
  const std::string& outline() const { return outline_; }
  /// Names of tensors and arrays that are there but of kinds that are not read.
  const std::vector<std::string>& unread() const { return unread_; }
  /// UsageError unless what the file says of a tensor goes with what it holds; reads none of it.
  virtual void check(size_t index) const = 0;
  /// On the CPU, contiguous, of the stored dtype, its own memory unless the file shares it. UsageError names
  /// file and tensor.
  virtual at::Tensor read(size_t index) = 0;

 protected:
  std::string name_, outline_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, std::string> metadata_, settings_;
  std::vector<std::string> unread_;
};

/// A safetensors file or one of torch.save (of any version since 2017, with whatever beside the tensors),
/// told apart by what they hold. UsageError says what a file is that is neither, and what is wrong with a
/// damaged one.
std::unique_ptr<TensorReader> open_tensor_file(const std::filesystem::path& path);

/// All of its tensors. UsageError also for two of one name.
TensorFile read_all(TensorReader& reader);
TensorFile load_tensor_file(const std::filesystem::path& path);

/// Only the metadata.
std::map<std::string, std::string> load_tensor_file_metadata(const std::filesystem::path& path);

}  // namespace uvic

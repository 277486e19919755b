// Reading torch.save's .pth files: a zip archive of a pickle (data.pkl) and one entry a storage (data/N).
#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "io/pickle.h"
#include "io/tensor_file.h"

namespace uvic {

/// Where a file of torch.save keeps the numbers of its storages.
class StorageSource {
 public:
  virtual ~StorageSource() = default;
  /// "a/data/3", for messages.
  virtual std::string place(std::string_view key) const = 0;
  /// Its bytes, no more than the file has; nullopt if there is no such storage.
  virtual std::optional<int64_t> size(std::string_view key) const = 0;
  /// All of them. UsageError names file and place.
  virtual void read(std::string_view key, void* data, int64_t bytes) = 0;
};

/// What is read of a file of torch.save, its storages apart.
struct PthContents {
  std::string file;
  std::unique_ptr<std::string> text;    ///< what `pickle` points into
  std::unique_ptr<Pickle> pickle = {};  ///< of the object that was saved
  std::unique_ptr<StorageSource> storages = {};
  std::map<std::string, std::string> metadata = {};
};

/// Tensors are read with their stored dtype. UsageError, naming the file, for a storage that is missing,
/// damaged or of another length, and for a view that leaves its storage or repeats elements.
std::unique_ptr<TensorReader> read_tensors_of(PthContents contents);

/// A file of torch.save since version 1.6 (also of torch.jit.save), with the metadata that save_pth was
/// given. UsageError for what is no such file, and for bytes in big-endian order.
std::unique_ptr<TensorReader> open_pth(const std::filesystem::path& path);

/// Pickles are read no longer than this: that of a state dict of 1,000 tensors takes 150 kB.
constexpr int64_t kMaxPickleBytes = int64_t{64} << 20;

}  // namespace uvic

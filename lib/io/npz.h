// NumPy's .npz: a ZIP of .npy files, as `np.load` reads it and `np.savez` and `np.savez_compressed` write it.
#pragma once
#include <memory>

#include "io/npy_header.h"
#include "io/safetensors.h"
#include "io/zip_reader.h"

namespace uvic {

/// The arrays of an .npz, each read only when it is asked for.
class NpzFile {
 public:
  /// UsageError: not a ZIP, or no .npy in it. Entries that are no .npy are passed over.
  explicit NpzFile(const std::filesystem::path& path);

  const std::string& name() const { return archive_.name(); }
  bool contains(const std::string& key) const { return index_.contains(key); }
  /// Key -> entry of the archive.
  const std::map<std::string, size_t>& index() const { return index_; }
  /// "arr_0, mu, sigma", for messages.
  std::string keys() const;
  /// dtype and shape of an array, without reading it. UsageError: no such key, or malformed.
  NpyHeader header(const std::string& key) const;
  at::Tensor load(const std::string& key) const;

  /// One array, some rows at a time: memory for the rows that are asked for, however large the array.
  class Rows {
   public:
    const NpyHeader& header() const { return header_; }
    /// The next `count` rows, [count, ...]; at most those left.
    at::Tensor next(int64_t count);

   private:
    friend class NpzFile;
    Rows(const NpzFile& file, const std::string& key);
    std::unique_ptr<ZipArchive::Stream> stream_;
    NpyHeader header_;
  };
  /// UsageError also if the array is in Fortran order, whose rows lie scattered. Must not outlive the file.
  Rows rows(const std::string& key) const { return {*this, key}; }

 private:
  std::unique_ptr<ZipArchive::Stream> open(const std::string& key) const;
  ZipArchive archive_;
  std::map<std::string, size_t> index_;
};

/// All arrays of an .npz.
TensorMap load_npz(const std::filesystem::path& path);

/// Writes float32, float64, int64 and uint8 tensors, stored, atomically; equal tensors give equal bytes. The
/// file is built in memory: for statistics, not for image sets.
void save_npz(const std::filesystem::path& path, const TensorMap& tensors);

}  // namespace uvic

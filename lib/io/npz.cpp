#include "io/npz.h"

#include <ATen/ATen.h>
#include <zip.h>

#include "core/errors.h"
#include "core/text.h"
#include "io/atomic_file.h"

namespace uvic {
namespace {

constexpr std::string_view kEnding = ".npy";

/// Header and size together must be the entry's.
NpyHeader read_header(ZipArchive::Stream& stream) {
  const NpyHeader header =
      read_npy_header([&](void* data, int64_t bytes) { stream.read(data, bytes); }, stream.name());
  check_usage(header.bytes == stream.left(), stream.name(), ": shape ", at::IntArrayRef(header.shape), " of ",
              header.dtype, " does not fit its ", stream.left(), " bytes of data");
  return header;
}

/// An archive that is being built in memory.
class MemoryZip {
 public:
  MemoryZip() {
    zip_error_t error;
    zip_error_init(&error);
    source_ = zip_source_buffer_create(nullptr, 0, 0, &error);
    TORCH_CHECK(source_ != nullptr, "cannot build a ZIP archive: ", zip_error_strerror(&error));
    zip_source_keep(source_);
    archive_ = zip_open_from_source(source_, ZIP_TRUNCATE, &error);
    TORCH_CHECK(archive_ != nullptr, "cannot build a ZIP archive: ", zip_error_strerror(&error));
  }
  ~MemoryZip() {
    if (archive_ != nullptr) zip_discard(archive_);
    zip_source_free(source_);
  }
  MemoryZip(const MemoryZip&) = delete;
  MemoryZip& operator=(const MemoryZip&) = delete;

  /// `bytes` must live until finish().
  void add(const std::string& name, const std::string& bytes) {
    zip_source_t* source = zip_source_buffer(archive_, bytes.data(), bytes.size(), 0);
    const zip_int64_t index = source == nullptr ? -1 : zip_file_add(archive_, name.c_str(), source, 0);
    // 1 January 1980, the first day that ZIP knows: no clock in the bytes.
    const bool ok = index >= 0 &&
                    zip_set_file_compression(archive_, zip_uint64_t(index), ZIP_CM_STORE, 0) == 0 &&
                    zip_file_set_dostime(archive_, zip_uint64_t(index), 0, 1 << 5 | 1, 0) == 0;
    TORCH_CHECK(ok, "cannot add ", name, " to a ZIP archive: ", zip_strerror(archive_));
  }
  std::string finish() {
    TORCH_CHECK(zip_close(archive_) == 0, "cannot build a ZIP archive: ", zip_strerror(archive_));
    archive_ = nullptr;
    zip_stat_t stat;
    TORCH_CHECK(zip_source_stat(source_, &stat) == 0 && zip_source_open(source_) == 0,
                "cannot build a ZIP archive");
    std::string bytes(stat.size, '\0');
    const zip_int64_t got = zip_source_read(source_, bytes.data(), bytes.size());
    zip_source_close(source_);
    TORCH_CHECK(got == zip_int64_t(bytes.size()), "cannot build a ZIP archive");
    return bytes;
  }

 private:
  zip_source_t* source_ = nullptr;
  zip_t* archive_ = nullptr;
};

}  // namespace

NpzFile::NpzFile(const std::filesystem::path& path) : archive_(path) {
  for (size_t i = 0; i < archive_.entries().size(); ++i) {
    const std::string& entry = archive_.entries()[i].name;
    if (entry.ends_with(kEnding)) index_[entry.substr(0, entry.size() - kEnding.size())] = i;
  }
  check_usage(!index_.empty(), name(), ": holds no .npy, so it is not an .npz");
}

std::string NpzFile::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, index] : index_) keys.push_back(key);
  return join(keys, ", ");
}

std::unique_ptr<ZipArchive::Stream> NpzFile::open(const std::string& key) const {
  const auto found = index_.find(key);
  check_usage(found != index_.end(), name(), ": has no array \"", key, "\", only ", keys());
  return archive_.open(found->second);
}

NpyHeader NpzFile::header(const std::string& key) const {
  return read_header(*open(key));
}

at::Tensor NpzFile::load(const std::string& key) const {
  const auto stream = open(key);
  const NpyHeader header = read_header(*stream);
  return read_npy_data(header, [&](void* data, int64_t bytes) { stream->read(data, bytes); });
}

NpzFile::Rows::Rows(const NpzFile& file, const std::string& key)
    : stream_(file.open(key)), header_(read_header(*stream_)) {
  check_usage(!header_.shape.empty() && !header_.fortran_order, stream_->name(),
              ": must be an array in C order to be read by rows");
}

at::Tensor NpzFile::Rows::next(int64_t count) {
  std::vector<int64_t> shape = header_.shape;
  shape[0] = count;
  at::Tensor rows = at::empty(shape, at::TensorOptions(header_.dtype));
  stream_->read(rows.mutable_data_ptr(), int64_t(rows.nbytes()));
  return rows;
}

TensorMap load_npz(const std::filesystem::path& path) {
  const NpzFile file(path);
  TensorMap tensors;
  for (const auto& [key, index] : file.index()) tensors[key] = file.load(key);
  return tensors;
}

void save_npz(const std::filesystem::path& path, const TensorMap& tensors) {
  std::vector<std::string> files;
  files.reserve(tensors.size());  // the archive keeps pointers into them
  MemoryZip archive;
  for (const auto& [key, tensor] : tensors) {
    const at::Tensor values = tensor.detach().to(at::kCPU).contiguous();
    files.push_back(npy_header(values.scalar_type(), values.sizes()));
    files.back().append(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
    archive.add(key + std::string(kEnding), files.back());
  }
  write_file_atomically(path, archive.finish());
}

}  // namespace uvic

#include "io/npz.h"

#include <ATen/ATen.h>

#include "core/dtype.h"
#include "core/errors.h"
#include "core/text.h"
#include "io/write_zip.h"

namespace uvic {
namespace {

constexpr std::string_view kEnding = ".npy";

/// Header and size together must be the entry's.
NpyHeader read_header(ZipArchive::Stream& stream) {
  const NpyHeader header =
      read_npy_header([&](void* data, int64_t bytes) { stream.read(data, bytes); }, stream.name());
  check_usage(header.bytes == stream.left(), stream.name(), ": shape ", at::IntArrayRef(header.shape), " of ",
              dtype_name(header.dtype), " does not fit its ", stream.left(), " bytes of data");
  return header;
}

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
  std::vector<ZipEntry> entries;
  std::vector<std::string> files;
  files.reserve(tensors.size());  // the archive keeps pointers into them
  for (const auto& [key, tensor] : tensors) {
    const at::Tensor values = tensor.detach().to(at::kCPU).contiguous();
    files.push_back(npy_header(values.scalar_type(), values.sizes()));
    files.back().append(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
    entries.push_back({key + std::string(kEnding), files.back().data(), int64_t(files.back().size())});
  }
  write_zip(path, entries);
}

}  // namespace uvic

#include "data/idx.h"

#include <ATen/ops/from_blob.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <span>
#include <system_error>
#include <vector>

#include "core/errors.h"
#include "core/text.h"
#include "data/idx_files.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// Memory grows with what the file really holds, so a damaged header cannot ask for it all at once.
constexpr int64_t kFirstChunk = int64_t{1} << 24, kMaxBytes = int64_t{1} << 33;

/// A file of bytes, gunzipped on the way if it is gzip.
class ByteReader {
 public:
  explicit ByteReader(const fs::path& path) : name_(path.string()), file_(gzopen(path.c_str(), "rb")) {
    check_usage(file_ != nullptr, name_, ": cannot open this file: ", std::system_category().message(errno));
    gzbuffer(file_, 1 << 17);
  }
  ~ByteReader() { gzclose(file_); }
  ByteReader(const ByteReader&) = delete;
  ByteReader& operator=(const ByteReader&) = delete;

  /// Fills `out` as far as the file goes; returns how many bytes that was.
  size_t read(std::span<uint8_t> out) {
    size_t done = 0;
    while (done < out.size()) {
      const auto part = static_cast<unsigned>(std::min(out.size() - done, size_t{1} << 30));
      const int got = gzread(file_, out.data() + done, part);
      int code = Z_OK;
      const std::string message = gzerror(file_, &code);
      check_usage(code != Z_BUF_ERROR, name_, ": the gzip file is truncated");
      check_usage(code != Z_DATA_ERROR, name_, ": the gzip file is damaged");
      check_usage(got >= 0, message);  // zlib puts the file's name before it
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

 private:
  std::string name_;
  gzFile file_;
};

std::string hex(std::span<const uint8_t> bytes) {
  std::string text;
  char byte[4];
  for (const uint8_t value : bytes) {
    std::snprintf(byte, sizeof byte, "%02x ", value);
    text += byte;
  }
  if (!text.empty()) text.pop_back();
  return text;
}

/// Bytes of a tensor of `sizes`, at most kMaxBytes, also where only a zero among them would hide that.
int64_t count_bytes(const std::string& name, const std::vector<int64_t>& sizes) {
  int64_t total = 1;
  for (const int64_t size : sizes) {
    check_usage(size == 0 || total <= kMaxBytes / size, name, ": its header asks for ",
                at::IntArrayRef(sizes), " bytes; at most 8 GiB are read");
    total *= std::max<int64_t>(size, 1);
  }
  return std::find(sizes.begin(), sizes.end(), 0) == sizes.end() ? total : 0;
}

/// `rank` 0 takes any of 1 to 4.
at::Tensor read_ranked(const fs::path& path, int rank, const char* what) {
  const std::string name = path.string();
  ByteReader file(path);
  std::array<uint8_t, 4> magic{};
  const size_t got = file.read(magic);
  check_usage(got > 0, name, ": the file is empty");
  const bool bytes =
      got == 4 && magic[0] == 0 && magic[1] == 0 && magic[2] == 8 && magic[3] >= 1 && magic[3] <= 4;
  check_usage(bytes && (rank == 0 || magic[3] == rank), name, ": starts with ", hex({magic.data(), got}),
              "; ", what, " starts with 00 00 08 ",
              rank == 0 ? "and the rank 01 to 04" : "0" + std::to_string(rank));

  std::vector<uint8_t> header(size_t{4} * magic[3]);
  check_usage(file.read(header) == header.size(), name, ": truncated in its header");
  std::vector<int64_t> sizes;
  for (size_t i = 0; i < header.size(); i += 4) {
    sizes.push_back(int64_t{header[i]} << 24 | header[i + 1] << 16 | header[i + 2] << 8 | header[i + 3]);
  }
  const int64_t total = count_bytes(name, sizes);

  auto data = std::make_shared<std::vector<uint8_t>>();
  for (int64_t done = 0; done < total;) {
    data->resize(static_cast<size_t>(std::min(total, std::max(kFirstChunk, 2 * done))));
    const auto room = std::span(*data).subspan(static_cast<size_t>(done));
    const size_t part = file.read(room);
    done += static_cast<int64_t>(part);
    check_usage(part == room.size(), name, ": truncated: it holds ", done, " bytes of data, its header says ",
                total);
  }
  std::array<uint8_t, 1> surplus{};
  check_usage(file.read(surplus) == 0, name, ": has bytes left over after the ", total,
              " that its header says");
  return at::from_blob(
      data->data(), sizes, [data](void*) {}, at::TensorOptions().dtype(at::kByte));
}

class IdxDataset : public Dataset {
 public:
  /// images uint8 [N, H, W], labels uint8 [N].
  IdxDataset(const at::Tensor& images, at::Tensor labels, const fs::path& directory)
      : images_(images.unsqueeze(1)), labels_(std::move(labels)), directory_(directory.string()) {
    const std::span values(labels_.const_data_ptr<uint8_t>(), static_cast<size_t>(labels_.numel()));
    num_classes_ = int64_t{*std::max_element(values.begin(), values.end())} + 1;
  }
  int64_t size() const override { return images_.size(0); }
  ImageShape image_shape() const override { return {1, images_.size(2), images_.size(3)}; }
  int64_t num_classes() const override { return num_classes_; }
  at::Tensor image(int64_t index) const override { return images_[index]; }
  int64_t label(int64_t index) const override {
    TORCH_CHECK(0 <= index && index < size(), "no label ", index, " of ", size());
    return labels_.const_data_ptr<uint8_t>()[index];
  }
  std::string describe() const override {
    return c10::str(count_of(uint64_t(size()), "image"), " 1x", images_.size(2), "x", images_.size(3), ", ",
                    num_classes_, num_classes_ == 1 ? " class (label 0" : " classes (labels 0 to ",
                    num_classes_ == 1 ? "" : std::to_string(num_classes_ - 1), "), idx in ", directory_);
  }

 private:
  at::Tensor images_, labels_;
  std::string directory_;
  int64_t num_classes_;
};

}  // namespace

at::Tensor read_idx(const fs::path& path) {
  return read_ranked(path, 0, "idx of unsigned bytes");
}

std::shared_ptr<const Dataset> open_idx(const fs::path& directory, bool held_out) {
  const auto [image_file, label_file] = find_idx_files(directory, held_out);
  const at::Tensor labels = read_ranked(label_file, 1, "idx of labels");
  const at::Tensor images = read_ranked(image_file, 3, "idx of images");
  check_usage(images.numel() > 0, image_file.string(), ": holds no images: its sizes are ", images.sizes());
  check_usage(images.size(0) == labels.size(0), directory.string(), ": ", images.size(0), " images but ",
              labels.size(0), " labels");
  return std::make_shared<IdxDataset>(images, labels, image_file.parent_path());
}

bool holds_idx(const fs::path& directory) {
  try {
    find_idx_files(directory, /*held_out=*/false);
    return true;
  } catch (const UsageError&) {
    return false;
  }
}

}  // namespace uvic

#include "data/image_set.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <functional>

#include "core/errors.h"
#include "data/decode.h"
#include "data/listing.h"
#include "io/npz.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kChannels = 3;

/// One tensor for each run of images of one size.
std::vector<at::Tensor> join_runs(const std::vector<Pixels>& images) {
  std::vector<at::Tensor> runs;
  for (size_t first = 0, last = 0; first < images.size(); first = last) {
    const Pixels& model = images[first];
    while (last < images.size() && images[last].width == model.width && images[last].height == model.height)
      ++last;
    const at::Tensor run =
        at::empty({int64_t(last - first), kChannels, model.height, model.width}, at::kByte);
    auto* out = run.mutable_data_ptr<uint8_t>();
    for (size_t i = first; i < last; ++i, out += model.data.size()) {
      split_channels(images[i].data.data(), int64_t{model.height} * model.width, kChannels, out);
    }
    runs.push_back(run);
  }
  return runs;
}

/// Image files, wherever their bytes are.
class FileSet : public ImageSet {
 public:
  FileSet(std::string name, int64_t size, std::function<Pixels(size_t)> decode)
      : name_(std::move(name)), size_(size), decode_(std::move(decode)) {}
  int64_t size() const override { return size_; }
  std::vector<at::Tensor> read(int64_t first, int64_t count) override {
    std::vector<Pixels> images;
    for (int64_t i = first; i < first + count; ++i) images.push_back(decode_(size_t(i)));
    return join_runs(images);
  }
  std::string describe() const override { return c10::str(size_, " images in ", name_); }

 private:
  std::string name_;
  int64_t size_;
  std::function<Pixels(size_t)> decode_;
};

std::unique_ptr<ImageSet> open_folder_set(const fs::path& path) {
  auto files = list_image_files(path).files;
  const auto count = int64_t(files.size());
  return std::make_unique<FileSet>(path.string(), count, [path, files = std::move(files)](size_t i) {
    return decode_image(path / files[i], DecodeOptions{});
  });
}

bool is_hidden(const fs::path& name) {  // "__MACOSX/._a.png", which macOS adds to archives, is one
  return std::any_of(name.begin(), name.end(),
                     [](const fs::path& part) { return part.string().starts_with('.'); });
}

std::unique_ptr<ImageSet> open_zip_set(const fs::path& path) {
  const auto archive = std::make_shared<ZipArchive>(path);
  const auto& entries = archive->entries();
  std::vector<size_t> images;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (is_image_name(entries[i].name) && !is_hidden(entries[i].name)) images.push_back(i);
  }
  check_usage(!images.empty(), path.string(), ": no images in it (", image_endings(), ")");
  std::sort(images.begin(), images.end(),
            [&](size_t a, size_t b) { return entries[a].name < entries[b].name; });
  const auto count = int64_t(images.size());
  return std::make_unique<FileSet>(path.string(), count, [archive, images = std::move(images)](size_t i) {
    const std::string name = archive->name() + ": " + archive->entries()[images[i]].name;
    return decode_image(archive->read(images[i]), name, DecodeOptions{});
  });
}

class NpzSet : public ImageSet {
 public:
  explicit NpzSet(const fs::path& path) : file_(path), rows_(file_.rows("arr_0")) {
    const auto& [dtype, shape, fortran, bytes] = rows_.header();
    check_usage(dtype == at::kByte && shape.size() == 4 && (shape[3] == 1 || shape[3] == 3), file_.name(),
                ": arr_0 must be images, uint8 [N, H, W, 3] or [N, H, W, 1]; it is ", dtype, " ",
                at::IntArrayRef(shape));
    check_usage(bytes > 0, file_.name(), ": arr_0 holds no images: ", at::IntArrayRef(shape));
  }
  int64_t size() const override { return rows_.header().shape[0]; }
  bool sequential() const override { return true; }
  std::vector<at::Tensor> read(int64_t, int64_t count) override {
    const at::Tensor rows = rows_.next(count);
    const int64_t H = rows.size(1), W = rows.size(2), C = rows.size(3);
    at::Tensor images = at::empty({count, kChannels, H, W}, at::kByte);
    const auto* in = rows.const_data_ptr<uint8_t>();
    auto* out = images.mutable_data_ptr<uint8_t>();
    for (int64_t i = 0; i < count; ++i, in += H * W * C, out += H * W * kChannels) {
      if (C == kChannels) {
        split_channels(in, H * W, C, out);
      } else {
        for (int64_t c = 0; c < kChannels; ++c) std::copy_n(in, H * W, out + c * H * W);
      }
    }
    return {images};
  }
  std::string describe() const override { return c10::str(size(), " images in ", file_.name()); }

 private:
  NpzFile file_;
  NpzFile::Rows rows_;
};

}  // namespace

std::unique_ptr<ImageSet> open_image_set(const fs::path& path) {
  std::error_code ignored;
  check_usage(fs::exists(path, ignored), path.string(), ": no such file or folder");
  if (fs::is_directory(path, ignored)) return open_folder_set(path);
  const std::string ending = ending_of(path);
  check_usage(ending == "zip" || ending == "npz", path.string(), ": must be a folder, a .zip or an .npz");
  return ending == "zip" ? open_zip_set(path) : std::make_unique<NpzSet>(path);
}

ImageBatches::ImageBatches(ImageSet& set, int64_t batch_size, int64_t workers)
    : batches_(
          [&set, batch_size](int64_t i) {
            return set.read(i * batch_size, std::min(batch_size, set.size() - i * batch_size));
          },
          0, (set.size() + batch_size - 1) / batch_size, set.sequential() ? 1 : workers, 2 * workers + 2) {}

at::Tensor ImageBatches::next() {
  if (ready_.empty()) {
    if (batches_.done()) return {};
    ready_ = batches_.next();
    std::reverse(ready_.begin(), ready_.end());
  }
  at::Tensor images = std::move(ready_.back());
  ready_.pop_back();
  return images;
}

}  // namespace uvic

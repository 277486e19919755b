#include "data/image_set.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "core/dtype.h"
#include "core/errors.h"
#include "core/text.h"
#include "data/dataset_images.h"
#include "data/decode.h"
#include "data/image_headers.h"
#include "data/image_notes.h"
#include "data/listing.h"
#include "io/content_kind.h"
#include "io/npz.h"
#include "io/read_file.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kChannels = 3;

/// One run for each row of images of one size.
std::vector<ImageRun> join_runs(const std::vector<Pixels>& images, const std::vector<int64_t>& numbers) {
  std::vector<ImageRun> runs;
  for (size_t first = 0, last = 0; first < images.size(); first = last) {
    const Pixels& model = images[first];
    while (last < images.size() && images[last].width == model.width && images[last].height == model.height)
      ++last;
    ImageRun run{at::empty({int64_t(last - first), kChannels, model.height, model.width}, at::kByte), {}};
    auto* out = run.images.mutable_data_ptr<uint8_t>();
    for (size_t i = first; i < last; ++i, out += model.data.size()) {
      split_channels(images[i].data.data(), int64_t{model.height} * model.width, kChannels, out);
      run.numbers.push_back(numbers[i]);
    }
    runs.push_back(std::move(run));
  }
  return runs;
}

class FileSet : public ImageSet {
 public:
  /// `files` of `source`, all of them images by their headers; `left_out` others were none.
  FileSet(std::shared_ptr<const FileSource> source, std::vector<std::string> files, ImageSize first_size,
          int64_t left_out, SharedBadFiles bad)
      : source_(std::move(source)), files_(std::move(files)), first_size_(first_size), bad_(std::move(bad)) {
    add_left_out(left_out);
  }
  int64_t size() const override { return int64_t(files_.size()); }
  ImageSize first_size() const override { return first_size_; }
  std::string name(int64_t number) const override { return source_->full_name(files_.at(size_t(number))); }
  std::vector<ImageRun> read(int64_t first, int64_t count) override {
    std::vector<Pixels> images;
    std::vector<int64_t> numbers;
    for (int64_t i = first; i < first + count; ++i) {
      try {
        images.push_back(decode_image(source_->read(files_.at(size_t(i))).bytes, name(i), DecodeOptions{}));
      } catch (const UsageError& error) {
        leave_out(*bad_, error);
        continue;
      }
      numbers.push_back(i);
    }
    return join_runs(images, numbers);
  }
  std::string describe() const override { return count_of(size(), "image") + " in " + source_->name(); }

 private:
  std::shared_ptr<const FileSource> source_;
  std::vector<std::string> files_;
  ImageSize first_size_;
  SharedBadFiles bad_;
};

std::unique_ptr<ImageSet> open_file_set(std::shared_ptr<const FileSource> source, const SharedBadFiles& bad) {
  const auto listed = list_image_files(*source).files;
  auto verdicts = read_image_headers(*source, listed);
  refuse_too_large(verdicts, kMaxPixels);
  const auto problems = problems_of(*source, listed, verdicts);
  bad->found(source->name(), int64_t(listed.size()), problems);
  report_notes(*source, listed, verdicts);
  std::vector<std::string> files;
  ImageSize first_size;
  for (size_t i = 0; i < listed.size(); ++i) {
    if (!verdicts[i].problem.empty()) continue;
    if (files.empty()) first_size = {verdicts[i].height, verdicts[i].width};
    files.push_back(listed[i]);
  }
  return std::make_unique<FileSet>(std::move(source), std::move(files), first_size, int64_t(problems.size()),
                                   bad);
}

class NpzSet : public ImageSet {
 public:
  explicit NpzSet(const fs::path& path) : file_(path), rows_(file_.rows(key_of(file_))) {
    check_usage(rows_.header().bytes > 0, file_.name(),
                ": arr_0 holds no images: ", at::IntArrayRef(rows_.header().shape));
  }
  int64_t size() const override { return rows_.header().shape[0]; }
  ImageSize first_size() const override { return {rows_.header().shape[1], rows_.header().shape[2]}; }
  bool sequential() const override { return true; }
  std::string name(int64_t number) const override { return c10::str(file_.name(), ": image ", number); }
  std::vector<ImageRun> read(int64_t first, int64_t count) override {
    const at::Tensor rows = rows_.next(count);
    const int64_t H = rows.size(1), W = rows.size(2), C = rows.size(3);
    ImageRun run{at::empty({count, kChannels, H, W}, at::kByte), std::vector<int64_t>(size_t(count))};
    std::iota(run.numbers.begin(), run.numbers.end(), first);
    const auto* in = rows.const_data_ptr<uint8_t>();
    auto* out = run.images.mutable_data_ptr<uint8_t>();
    for (int64_t i = 0; i < count; ++i, in += H * W * C, out += H * W * kChannels) {
      if (C == kChannels) {
        split_channels(in, H * W, C, out);
      } else {
        for (int64_t c = 0; c < kChannels; ++c) std::copy_n(in, H * W, out + c * H * W);
      }
    }
    return {run};
  }
  std::string describe() const override { return count_of(size(), "image") + " in " + file_.name(); }

 private:
  static std::string key_of(const NpzFile& file) {
    const std::string wanted = "arr_0 must be images, uint8 [N, H, W, 3] or [N, H, W, 1]";
    check_usage(file.contains("arr_0"), file.name(), ": has no array \"arr_0\", only ", file.keys(), "; ",
                wanted);
    const NpyHeader header = file.header("arr_0");
    const auto& shape = header.shape;
    check_usage(header.dtype == at::kByte && shape.size() == 4 && (shape[3] == 1 || shape[3] == 3),
                file.name(), ": ", wanted, "; it is ", dtype_name(header.dtype), " ", at::IntArrayRef(shape));
    return "arr_0";
  }
  NpzFile file_;
  NpzFile::Rows rows_;
};

std::string kind_text(const fs::path& path) {
  const auto [bytes, size] = read_file(path, kContentBytes);
  const std::string kind = content_kind(bytes);
  return kind.empty() ? "" : "; this is " + kind;
}

}  // namespace

void ImageSet::leave_out(BadFiles& bad, const UsageError& error) {
  bad.met(error.what());
  ++left_out_;
}

std::unique_ptr<ImageSet> open_image_set(const fs::path& path, const SharedBadFiles& bad) {
  std::error_code ignored;
  check_usage(fs::exists(path, ignored), path.string(), ": no such file or folder");
  if (fs::is_directory(path, ignored)) {
    const auto kind = kind_of_data(path);
    return kind ? open_training_set(path, *kind, bad) : open_file_set(open_folder_source(path), bad);
  }
  const std::string ending = ending_of(path);
  const bool zip = ending == "zip";
  check_usage(zip || ending == "npz", path.string(), ": must be a folder, a .zip or an .npz",
              kind_text(path));
  if (zip) return open_file_set(open_zip_source(path), bad);
  return std::make_unique<NpzSet>(path);
}

std::unique_ptr<ImageSet> open_image_set(const fs::path& path) {
  const auto bad = std::make_shared<BadFiles>(OnError::kFail, "data.on_error: skip", bad_files_list({}));
  auto set = open_image_set(path, bad);
  bad->tell();
  return set;
}

at::Tensor rgb_of(const std::vector<at::Tensor>& images) {
  const int64_t C = images.at(0).size(0), plane = images[0].size(1) * images[0].size(2);
  at::Tensor rgb =
      at::empty({int64_t(images.size()), kChannels, images[0].size(1), images[0].size(2)}, at::kByte);
  auto* out = rgb.mutable_data_ptr<uint8_t>();
  for (const at::Tensor& image : images) {
    const at::Tensor whole = image.contiguous();
    const auto* in = whole.const_data_ptr<uint8_t>();
    for (int64_t c = 0; c < kChannels; ++c, out += plane)
      std::copy_n(in + (C == 1 ? 0 : c * plane), plane, out);
  }
  return rgb;
}

ImageBatches::ImageBatches(ImageSet& set, int64_t batch_size, int64_t workers)
    : set_(set),
      batches_(
          [&set, batch_size](int64_t i) {
            return set.read(i * batch_size, std::min(batch_size, set.size() - i * batch_size));
          },
          0, (set.size() + batch_size - 1) / batch_size, set.sequential() ? 1 : workers, 2 * workers + 2) {}

at::Tensor ImageBatches::next() {
  while (ready_.empty()) {
    if (batches_.done()) return {};
    ready_ = batches_.next();
    std::reverse(ready_.begin(), ready_.end());
  }
  ImageRun run = std::move(ready_.back());
  ready_.pop_back();
  numbers_ = std::move(run.numbers);
  return run.images;
}

}  // namespace uvic

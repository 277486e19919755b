#include "data/image_set.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <functional>
#include <numeric>

#include "core/dtype.h"
#include "core/errors.h"
#include "core/text.h"
#include "data/dataset_images.h"
#include "data/decode.h"
#include "data/image_header.h"
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

constexpr int64_t kFirstBytes = 4096;  // of an archived file: most headers end before

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

/// Image files, wherever their bytes are.
struct Files {
  std::string source;
  std::vector<std::string> names;               ///< whole, as messages have them
  std::vector<std::function<Pixels()>> decode;  ///< one a name
  ImageSize first_size;
  int64_t left_out = 0;
};

class FileSet : public ImageSet {
 public:
  FileSet(Files files, SharedBadFiles bad) : files_(std::move(files)), bad_(std::move(bad)) {
    add_left_out(files_.left_out);
  }
  int64_t size() const override { return int64_t(files_.names.size()); }
  ImageSize first_size() const override { return files_.first_size; }
  std::string name(int64_t number) const override { return files_.names.at(size_t(number)); }
  std::vector<ImageRun> read(int64_t first, int64_t count) override {
    std::vector<Pixels> images;
    std::vector<int64_t> numbers;
    for (int64_t i = first; i < first + count; ++i) {
      try {
        images.push_back(files_.decode.at(size_t(i))());
      } catch (const UsageError& error) {
        leave_out(*bad_, error);
        continue;
      }
      numbers.push_back(i);
    }
    return join_runs(images, numbers);
  }
  std::string describe() const override { return count_of(size(), "image") + " in " + files_.source; }

 private:
  Files files_;
  SharedBadFiles bad_;
};

std::unique_ptr<ImageSet> open_folder_set(const fs::path& path, const SharedBadFiles& bad) {
  const auto listed = list_image_files(path).files;
  auto verdicts = read_image_headers(path, listed);
  refuse_too_large(verdicts, kMaxPixels);
  const auto problems = problems_of(path, listed, verdicts);
  bad->found(path.string(), int64_t(listed.size()), problems);
  report_notes(path, listed, verdicts);
  Files files{.source = path.string(),
              .names = {},
              .decode = {},
              .first_size = {},
              .left_out = int64_t(problems.size())};
  for (size_t i = 0; i < listed.size(); ++i) {
    if (!verdicts[i].problem.empty()) continue;
    if (files.names.empty()) files.first_size = {verdicts[i].height, verdicts[i].width};
    const fs::path file = path / listed[i];
    files.names.push_back(file.string());
    files.decode.push_back([file] { return decode_image(file, DecodeOptions{}); });
  }
  return std::make_unique<FileSet>(std::move(files), bad);
}

/// "__MACOSX/._a.png": as a folder's listing passes it over.
bool is_passed_over(const fs::path& name) {
  return std::any_of(name.begin(), name.end(),
                     [](const fs::path& part) { return is_of_the_system(part.string()); });
}

/// The header of an archived image; more of the file than its first bytes is read only if it ends later.
ImageHeader header_of(const ZipArchive& archive, size_t index, const std::string& name) {
  const int64_t size = archive.entries()[index].size;
  std::vector<uint8_t> bytes(size_t(std::min(size, kFirstBytes)));
  archive.open(index)->read(bytes.data(), int64_t(bytes.size()));
  try {
    return parse_image_header(bytes, size, name);
  } catch (const UsageError&) {
    if (size <= kFirstBytes) throw;
  }
  return parse_image_header(archive.read(index), size, name);
}

std::unique_ptr<ImageSet> open_zip_set(const fs::path& path, const SharedBadFiles& bad) {
  const auto archive = std::make_shared<ZipArchive>(path);
  const auto& entries = archive->entries();
  std::vector<size_t> images;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (is_image_name(entries[i].name) && !is_passed_over(entries[i].name)) images.push_back(i);
  }
  check_usage(!images.empty(), path.string(), ": no images in it (", image_endings(), ")");
  std::sort(images.begin(), images.end(),
            [&](size_t a, size_t b) { return entries[a].name < entries[b].name; });
  Files files{.source = path.string(), .names = {}, .decode = {}, .first_size = {}};
  std::vector<std::string> problems;
  for (const size_t index : images) {
    const std::string name = archive->name() + ": " + entries[index].name;
    try {
      const ImageHeader header = header_of(*archive, index, name);
      const std::string too_large = too_many_pixels(header.width, header.height, kMaxPixels);
      check_usage(too_large.empty(), name, ": ", too_large);
      const bool turned = header.orientation >= 5;
      if (files.names.empty()) {
        files.first_size = {turned ? header.width : header.height, turned ? header.height : header.width};
      }
    } catch (const UsageError& error) {
      problems.emplace_back(error.what());
      continue;
    }
    files.names.push_back(name);
    files.decode.push_back(
        [archive, index, name] { return decode_image(archive->read(index), name, DecodeOptions{}); });
  }
  bad->found(path.string(), int64_t(images.size()), problems);
  files.left_out = int64_t(problems.size());
  return std::make_unique<FileSet>(std::move(files), bad);
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
    return kind ? open_training_set(path, *kind, bad) : open_folder_set(path, bad);
  }
  const std::string ending = ending_of(path);
  const bool zip = ending == "zip";
  check_usage(zip || ending == "npz", path.string(), ": must be a folder, a .zip or an .npz",
              kind_text(path));
  if (zip) return open_zip_set(path, bad);
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

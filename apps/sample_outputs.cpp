#include "sample_outputs.h"

#include <ATen/ops/cat.h>

#include <filesystem>

#include "core/errors.h"
#include "core/log.h"
#include "data/encode.h"
#include "io/atomic_file.h"
#include "io/gif.h"
#include "io/grid.h"
#include "io/output_path.h"
#include "io/png.h"
#include "sampling/captioned_grid.h"
#include "sampling/dump/formats.h"
#include "sampling/dump/manifest.h"
#include "sampling/finite.h"
#include "sampling/image_folder.h"
#include "sampling/labels.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> picture_endings() {
  std::vector<std::string> endings = encodable_endings();
  endings.insert(endings.begin(), ".png");
  endings.emplace_back(".gif");
  return endings;
}

// Of frames in a GIF, which is only looked at: viewers show them as small as they are.
int64_t times_larger(int64_t W) {
  constexpr int64_t kLeastWidth = 112;
  return std::max<int64_t>((kLeastWidth + W - 1) / W, 1);
}

void check_grid(const std::string& out, const SampleJob& job) {
  const auto [C, H, W] = job.picture;
  if (job.frame_rate > 0 && extension_of(out) == ".gif")
    return check_picture("--out", out, C, H * times_larger(W), W * times_larger(W));
  const auto [height, width] =
      job.shown.empty() ? grid_size(job.shape, H, W) : captioned_grid_size(job.shape, H, W);
  check_picture("--out", out, C, height, width);
}

}  // namespace

void save_picture(const fs::path& path, const at::Tensor& image, const std::string& record) {
  const std::string ending = extension_of(path);
  if (ending == ".gif") return write_file_atomically(path, encode_gif(image.unsqueeze(0)));
  if (ending != ".png") return write_file_atomically(path, encode_image(image, ending));
  save_png(path, image,
           record.empty() ? std::map<std::string, std::string>{}
                          : std::map<std::string, std::string>{{"parameters", record}});
}

void check_picture(const std::string& option, const fs::path& path, int64_t channels, int64_t height,
                   int64_t width) {
  const std::string ending = extension_of(path);
  check_output_file(option, path, picture_endings());
  if (ending == ".png") return check_png_size(channels, height, width);
  if (ending == ".gif") return check_gif_size(height, width);
  check_encodable(height, width, ending);
}

at::Tensor grid_of(const SampleJob& job, const at::Tensor& bytes) {
  const auto [rows, cols] = job.shape;
  if (job.shown.empty()) return make_grid(bytes, rows, cols);
  return captioned_grid(bytes, {job.shown.begin(), job.shown.begin() + bytes.size(0)}, rows, cols);
}

RecordInputs grid_record(const SampleJob& job) {
  RecordInputs record = job.record;
  record.layout = job.layout;
  if (job.layout.ends_with("--class-per-row")) record.labels.clear();
  return record;
}

RecordInputs image_record(const SampleJob& job, size_t index) {
  RecordInputs single = job.record;
  if (job.frame_rate > 0) {
    single.frame = int64_t(index);
    return single;
  }
  single.seeds = std::to_string(job.request.seeds[index]);
  if (!job.request.labels.empty()) single.labels = label_text(job.request.labels[index], job.real_classes);
  if (!job.shown.empty()) single.prompts.texts = {job.shown[index]};
  return single;
}

void check_outputs(const SamplePaths& paths, const SampleJob& job) {
  if (!paths.out.empty()) check_grid(paths.out, job);
  if (!paths.raw.empty()) check_output_file("--raw", paths.raw, {".npy"});
  if (paths.images.empty()) return;
  check_output_folder("--images", paths.images);
  check_usage(!find_manifest(paths.images), "--images ", paths.images,
              ": is a dump, which uvic-fid dump goes on with; use another folder");
  if (job.frame_rate > 0) {
    return check_image_folder(
        "--images", paths.images,
        [&](int64_t number, const std::string&) { return sample_record(image_record(job, size_t(number))); },
        paths.out);
  }
  std::map<int64_t, int64_t> labels;
  std::map<int64_t, std::string> prompts;
  for (size_t i = 0; i < job.request.seeds.size(); ++i) {
    if (!job.request.labels.empty()) labels[job.request.seeds[i]] = job.request.labels[i];
    if (!job.shown.empty()) prompts[job.request.seeds[i]] = job.shown[i];
  }
  check_image_folder("--images", paths.images, job.record, {labels, prompts}, paths.out);
}

SampleOutputs::SampleOutputs(const SamplePaths& paths, const SampleJob& job) : paths_(paths), job_(job) {
  const auto [C, H, W] = job.picture;
  if (!paths.raw.empty())
    array_.emplace(paths.raw, std::vector<int64_t>{int64_t(job.request.seeds.size()), C, H, W});
  if (!paths.images.empty()) fs::create_directories(paths.images);
}

void SampleOutputs::add(size_t first, const at::Tensor& images, const at::Tensor& good) {
  if (array_) array_->append(images);
  const at::Tensor bytes = to_pictures(images);
  if (!paths_.images.empty()) write_images(first, bytes, good);
  if (!paths_.out.empty()) kept_.push_back(bytes);
}

void SampleOutputs::add_intermediate(int64_t step, const at::Tensor& images) {
  intermediate_[step].push_back(to_pictures(images).cpu());
}

void SampleOutputs::finish_array() {
  if (array_) array_->finish();
}

void SampleOutputs::write_images(size_t first, const at::Tensor& bytes, const at::Tensor& good) const {
  for (size_t i = 0; i < size_t(bytes.size(0)); ++i) {
    if (!good.const_data_ptr<bool>()[i]) continue;
    const size_t index = first + i;
    const int64_t number = job_.frame_rate > 0 ? int64_t(index) : job_.request.seeds[index];
    save_png(fs::path(paths_.images) / image_file_name(number), bytes[int64_t(i)],
             {{"parameters", sample_record(image_record(job_, index))}});
  }
}

void SampleOutputs::write_grid(bool all) const {
  const RecordInputs record = grid_record(job_);
  const at::Tensor images = at::cat(kept_);
  if (job_.frame_rate > 0 && extension_of(paths_.out) == ".gif") {
    const int64_t by = times_larger(images.size(3));
    write_file_atomically(
        paths_.out, encode_gif(images.repeat_interleave(by, 2).repeat_interleave(by, 3), job_.frame_rate));
  } else {
    save_picture(paths_.out, grid_of(job_, images), all ? sample_record(record) : "");
  }
  for (const auto& [step, parts] : intermediate_) {
    char suffix[32];
    std::snprintf(suffix, sizeof suffix, "-step-%04ld", step);
    RecordInputs then = record;
    then.step = step;
    then.layout += c10::str(then.layout.empty() ? "" : " ", "--save-steps ", step);
    save_picture(fs::path(paths_.out).replace_extension().string() + suffix + extension_of(paths_.out),
                 grid_of(job_, at::cat(parts)), all ? sample_record(then) : "");
  }
  log_info("wrote ", paths_.out);
}

}  // namespace uvic

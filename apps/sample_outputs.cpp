#include "sample_outputs.h"

#include <ATen/ops/cat.h>

#include <filesystem>

#include "core/errors.h"
#include "core/log.h"
#include "data/encode.h"
#include "io/atomic_file.h"
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
  return endings;
}

// As the ending says; only a PNG has room for `text`.
void save_picture(const fs::path& path, const at::Tensor& image,
                  const std::map<std::string, std::string>& text) {
  if (extension_of(path) == ".png") return save_png(path, image, text);
  write_file_atomically(path, encode_image(image, extension_of(path)));
}

void check_grid(const std::string& out, const SampleJob& job) {
  check_output_file("--out", out, picture_endings());
  const auto [C, H, W] = job.picture;
  const auto [height, width] =
      job.shown.empty() ? grid_size(job.shape, H, W) : captioned_grid_size(job.shape, H, W);
  if (extension_of(out) == ".png") {
    check_png_size(C, height, width);
  } else {
    check_encodable(height, width, extension_of(out));
  }
}

}  // namespace

void check_outputs(const SamplePaths& paths, const SampleJob& job) {
  if (!paths.out.empty()) check_grid(paths.out, job);
  if (!paths.raw.empty()) check_output_file("--raw", paths.raw, {".npy"});
  if (paths.images.empty()) return;
  check_output_folder("--images", paths.images);
  check_usage(!find_manifest(paths.images), "--images ", paths.images,
              ": is a dump, which uvic-fid dump goes on with; use another folder");
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
    RecordInputs single = job_.record;
    const int64_t seed = job_.request.seeds[first + i];
    single.seeds = std::to_string(seed);
    if (!job_.request.labels.empty())
      single.labels = label_text(job_.request.labels[first + i], job_.real_classes);
    if (!job_.shown.empty()) single.prompts.texts = {job_.shown[first + i]};
    save_png(fs::path(paths_.images) / image_file_name(seed), bytes[int64_t(i)],
             {{"parameters", sample_record(single)}});
  }
}

at::Tensor SampleOutputs::grid_of(const at::Tensor& bytes) const {
  const auto [rows, cols] = job_.shape;
  if (job_.shown.empty()) return make_grid(bytes, rows, cols);
  return captioned_grid(bytes, {job_.shown.begin(), job_.shown.begin() + bytes.size(0)}, rows, cols);
}

void SampleOutputs::write_grid(bool all) const {
  RecordInputs record = job_.record;
  record.layout = job_.layout;
  if (job_.layout.ends_with("--class-per-row")) record.labels.clear();
  std::map<std::string, std::string> text;
  if (all) text["parameters"] = sample_record(record);
  save_picture(paths_.out, grid_of(at::cat(kept_)), text);
  for (const auto& [step, parts] : intermediate_) {
    char suffix[32];
    std::snprintf(suffix, sizeof suffix, "-step-%04ld", step);
    save_picture(fs::path(paths_.out).replace_extension().string() + suffix + extension_of(paths_.out),
                 grid_of(at::cat(parts)), {});
  }
  log_info("wrote ", paths_.out);
}

}  // namespace uvic

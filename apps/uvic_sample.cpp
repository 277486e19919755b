// uvic-sample: images from weights, as a grid, a folder of PNGs or a float array.
#include <ATen/ops/cat.h>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>

#include "app.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/seeds.h"
#include "core/signals.h"
#include "core/text.h"
#include "data/encode.h"
#include "io/atomic_file.h"
#include "io/digests.h"
#include "io/grid.h"
#include "io/npy_writer.h"
#include "io/output_path.h"
#include "io/png.h"
#include "sample_options.h"
#include "sampling/class_policy.h"
#include "sampling/dump/formats.h"
#include "sampling/dump/manifest.h"
#include "sampling/finite.h"
#include "sampling/image_folder.h"
#include "sampling/labels.h"
#include "sampling/make_sampler.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

struct Stopped {};

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

struct SampleApp {
  SampleCommand command;
  std::string grid, out, raw, images;
  std::optional<std::string> class_label;
  int64_t save_steps = 0;
  bool class_per_row = false;

  void add_to(CLI::App& app) {
    command.add_to(app);
    app.add_option("--seeds", command.seeds,
                   "0-99 (inclusive) or 5,6,1007; default 0 to the grid's size - 1, or 0-15");
    app.add_option("--grid", grid, "ROWSxCOLS, filled row by row; default the squarest");
    app.add_option("--class", class_label,
                   "every image shows this class, a number or a name; none: the null label, no class")
        ->excludes("--labels");
    app.add_flag("--class-per-row", class_per_row, "row r shows class r")
        ->excludes("--labels")
        ->excludes("--class");
    app.add_option(
        "--out", out,
        "the grid as a PNG, or by its ending a JPEG or WebP, which cannot say how they were made; default "
        "samples.png if nothing else is written");
    app.add_option("--raw", raw, "float32 [n, C, H, W], unclamped, as .npy");
    app.add_option("--images", images,
                   "folder for one PNG a seed, named by seed; others in it must be of the same settings");
    app.add_option("--save-steps", save_steps,
                   "also a grid of the state after every k-th solver step, beside --out")
        ->check(CLI::Range(int64_t{0}, int64_t{1000000}));
  }

  // {rows, cols}; an error where they do not fit the number of images.
  std::pair<int64_t, int64_t> layout(size_t count) const {
    if (grid.empty()) return square_grid(int64_t(count));
    int64_t rows = 0, cols = 0;
    char rest = 0;
    check_usage(std::sscanf(grid.c_str(), "%ldx%ld%c", &rows, &cols, &rest) == 2 && rows > 0 && cols > 0 &&
                    rows < 10000 && cols < 10000,
                "--grid '", grid, "' must be ROWSxCOLS, such as 10x10");
    check_usage(count == 0 || rows * cols == int64_t(count), "--grid ", grid, " has ", rows * cols,
                " places but there are ", count, " seeds");
    return {rows, cols};
  }

  std::vector<int64_t> chosen_seeds() const {
    if (!command.seeds.empty()) return parse_seeds(command.seeds);
    const auto [rows, cols] = grid.empty() ? std::pair<int64_t, int64_t>{4, 4} : layout(0);
    return parse_seeds(c10::str("0-", rows * cols - 1));
  }

  std::vector<int64_t> labels_per_row(const LoadedModel& loaded, std::pair<int64_t, int64_t> shape) const {
    const int64_t K = loaded.recipe().model.real_classes();
    check_usage(K > 0, "--class-per-row: this model is unconditional, it has no classes");
    check_usage(shape.first == K, "--class-per-row: the grid has ", shape.first, " rows but the model has ",
                K, " classes");
    std::vector<int64_t> labels;
    for (int64_t place = 0; place < shape.first * shape.second; ++place)
      labels.push_back(place / shape.second);
    return labels;
  }

  int run() {
    const c10::Device device = command.common.apply();
    if (out.empty() && raw.empty() && images.empty()) out = "samples.png";
    check_usage(save_steps == 0 || !out.empty(), "--save-steps: needs --out");
    const auto seeds = chosen_seeds();
    LoadedModel loaded = command.find(seeds.size());
    if (command.config.print_config) {
      std::cout << loaded.config.to_yaml();
      return kDone;
    }
    const auto shape = layout(seeds.size());
    SampleRequest request{seeds, {}};
    if (class_per_row) {
      request.labels = labels_per_row(loaded, shape);
    } else {
      command.labels = class_label ? class_policy(*class_label, loaded.recipe().model, loaded.classes)
                                   : command.policy(loaded);
      request = {seeds, choose_labels(command.labels, seeds, loaded.recipe().model.real_classes())};
    }
    check_outputs(loaded, request, shape, device);
    for (const auto& [option, path] : {std::pair("--out", out), std::pair("--images", images)}) {
      if (!path.empty()) check_makes_pictures(loaded.recipe().model, option + (" " + path));
    }
    if (command.dry_run) {
      std::cout << describe_sampling(loaded, seeds.size(), device) << std::endl;
      if (!loaded.classes.empty()) std::cout << describe_classes(loaded.classes) << std::endl;
      return kDone;
    }
    load_weights_of(loaded, device);
    install_signal_handlers();
    return sample(loaded, request, shape, device);
  }

  // All that can be known before the work is done.
  void check_outputs(const LoadedModel& loaded, const SampleRequest& request,
                     std::pair<int64_t, int64_t> shape, c10::Device device) const {
    if (!out.empty()) {
      check_output_file("--out", out, picture_endings());
      const ModelOptions& model = loaded.recipe().model;
      const auto [height, width] = grid_size(shape, model.height(), model.width());
      if (extension_of(out) == ".png") {
        check_png_size(model.in_chans, height, width);
      } else {
        check_encodable(height, width, extension_of(out));
      }
    }
    if (!raw.empty()) check_output_file("--raw", raw, {".npy"});
    if (images.empty()) return;
    check_output_folder("--images", images);
    check_usage(!find_manifest(images), "--images ", images,
                ": is a dump, which uvic-fid dump goes on with; use another folder");
    std::map<int64_t, int64_t> labels;
    for (size_t i = 0; i < request.labels.size(); ++i) labels[request.seeds[i]] = request.labels[i];
    check_image_folder("--images", images, record_of(loaded, request, device), labels, out);
  }

  RecordInputs record_of(const LoadedModel& loaded, const SampleRequest& request, c10::Device device) const {
    const Recipe& recipe = loaded.recipe();
    return command.record(plan_sampling(recipe.sample, recipe.diffusion), loaded, file_crc32(loaded.file),
                          seeds_text(request.seeds), command.labels, device);
  }

  // Images are written as they come; for the grid they are kept as bytes.
  int sample(const LoadedModel& loaded, const SampleRequest& request, std::pair<int64_t, int64_t> shape,
             c10::Device device) const {
    const Sampler sampler = make_sampler(loaded, device);
    log_info(describe_sampling(loaded, request.seeds.size(), device));
    const RecordInputs record = record_of(loaded, request, device);
    const auto [C, H, W] = loaded.recipe().model.image_shape();
    std::optional<NpyWriter> array;
    if (!raw.empty()) array.emplace(raw, std::vector<int64_t>{int64_t(request.seeds.size()), C, H, W});
    if (!images.empty()) fs::create_directories(images);

    SamplingProgress progress(request.seeds.size(), sampler.plan());
    std::vector<at::Tensor> kept;
    std::map<int64_t, std::vector<at::Tensor>> intermediate;
    FiniteCheck finite(request.seeds);
    try {
      sampler.run(
          request,
          [&](size_t first, const at::Tensor& batch) {
            if (array) array->append(batch);
            const at::Tensor good = finite.add(batch), bytes = to_pictures(batch);
            if (!images.empty())
              write_images(record, request, loaded.recipe().model.real_classes(), first, bytes, good);
            if (!out.empty()) kept.push_back(bytes);
            if (finite.all_bad()) throw Stopped{};
          },
          [&](size_t first, int64_t step, const at::Tensor& x) {
            progress.update(first, step);
            if (save_steps > 0 && step % save_steps == 0) intermediate[step].push_back(to_pictures(x).cpu());
            if (received_signal() != 0) throw Stopped{};
          });
    } catch (const Stopped&) {
    }
    progress.finish();
    const size_t finished = finite.made();
    if (array && finished > 0) array->finish();
    const bool shows = !out.empty() && finished > 0 && !finite.all_bad();
    if (shows)
      write_grid(record, finished == request.seeds.size() && !finite.any_bad(), shape, at::cat(kept),
                 intermediate);
    if (finite.any_bad()) {
      throw std::runtime_error(finite.text(sampler.plan().options.precision, "--precision") +
                               (shows ? "; black in " + out : ""));
    }
    say_written(finished, request);
    if (finished == request.seeds.size()) return kDone;
    write_line(c10::str(
        signal_name(received_signal()), ": ", finished, " of ", count_of(request.seeds.size(), "image"),
        " made", finished > 0 ? ", those of the seeds " : "", seeds_text(first_seeds(request, finished))));
    return kInterrupted;
  }

  void say_written(size_t count, const SampleRequest& request) const {
    if (count == 0) return;
    if (!images.empty()) {
      log_info("wrote ", count_of(count, "image"), " to ", images, ", ",
               image_file_name(request.seeds.front()),
               count > 1 ? " to " + image_file_name(request.seeds[count - 1]) : "");
    }
    if (!raw.empty()) log_info("wrote ", raw, ": ", count_of(count, "image"));
  }

  static std::vector<int64_t> first_seeds(const SampleRequest& request, size_t count) {
    return {request.seeds.begin(), request.seeds.begin() + long(count)};
  }

  // Those that are `good`, bool [n].
  void write_images(const RecordInputs& record, const SampleRequest& request, int64_t real_classes,
                    size_t first, const at::Tensor& bytes, const at::Tensor& good) const {
    for (size_t i = 0; i < size_t(bytes.size(0)); ++i) {
      if (!good.const_data_ptr<bool>()[i]) continue;
      RecordInputs single = record;
      const int64_t seed = request.seeds[first + i];
      single.seeds = std::to_string(seed);
      if (!request.labels.empty()) single.labels = label_text(request.labels[first + i], real_classes);
      save_png(fs::path(images) / image_file_name(seed), bytes[int64_t(i)],
               {{"parameters", sample_record(single)}});
    }
  }

  // Unless `all` images are there (a signal kept some from being made, some are not finite) the places of the
  // others are black, and there is no record: no command makes that.
  void write_grid(RecordInputs record, bool all, std::pair<int64_t, int64_t> shape, const at::Tensor& bytes,
                  const std::map<int64_t, std::vector<at::Tensor>>& intermediate) const {
    if (!grid.empty()) record.layout = "--grid " + grid;
    if (class_per_row) {
      record.layout += " --class-per-row";
      record.labels.clear();
    }
    std::map<std::string, std::string> text;
    if (all) text["parameters"] = sample_record(record);
    save_picture(out, make_grid(bytes, shape.first, shape.second), text);
    for (const auto& [step, parts] : intermediate) {
      char suffix[32];
      std::snprintf(suffix, sizeof suffix, "-step-%04ld", step);
      save_picture(fs::path(out).replace_extension().string() + suffix + extension_of(out),
                   make_grid(at::cat(parts), shape.first, shape.second), {});
    }
    log_info("wrote ", out);
  }
};

}  // namespace
}  // namespace uvic

int main(int argc, char** argv) {
  uvic::SampleApp sample;
  return uvic::run_app(
      "uvic-sample", "Samples images from a trained U-ViT diffusion model.", argc, argv,
      [&](CLI::App& app) { sample.add_to(app); },
      [&] {
        uvic::refuse_ranks("uvic-sample", "or let uvic-fid dump sample");
        return sample.run();
      });
}

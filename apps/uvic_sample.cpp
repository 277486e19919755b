// uvic-sample: images from weights, as a grid, a folder of PNGs or a float array.
#include <iostream>
#include <optional>

#include "app.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/seeds.h"
#include "core/signals.h"
#include "core/text.h"
#include "io/digests.h"
#include "io/grid.h"
#include "sample_options.h"
#include "sample_outputs.h"
#include "sampling/class_policy.h"
#include "sampling/dump/formats.h"
#include "sampling/finite.h"
#include "sampling/labels.h"
#include "sampling/make_sampler.h"
#include "tasks/diffusion/examples.h"

namespace uvic {
namespace {

struct Stopped {};

struct SampleApp {
  SampleCommand command;
  SamplePaths paths;
  std::string grid;
  std::optional<std::string> class_label;
  int64_t save_steps = 0;
  bool class_per_row = false, prompt_per_row = false;

  void add_to(CLI::App& app) {
    command.add_to(app);
    app.add_option("--seeds", command.seeds,
                   "0-99 (inclusive) or 5,6,1007; default 0 to the grid's size - 1, one a prompt, or 0-15");
    app.add_option("--grid", grid, "ROWSxCOLS, filled row by row; default the squarest");
    app.add_option("--class", class_label,
                   "every image shows this class, a number or a name; none: the null label, no class")
        ->excludes("--labels");
    auto* by_class = app.add_flag("--class-per-row", class_per_row, "row r shows class r")
                         ->excludes("--labels")
                         ->excludes("--class");
    app.add_flag("--prompt-per-row", prompt_per_row, "row r shows prompt r")
        ->excludes(by_class)
        ->group("Text");
    app.add_option(
        "--out", paths.out,
        "the grid as a PNG, or by its ending a JPEG or WebP, which cannot say how they were made; default "
        "samples.png if nothing else is written");
    app.add_option("--raw", paths.raw, "float32 [n, C, H, W], unclamped, as .npy");
    app.add_option("--images", paths.images,
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

  std::vector<int64_t> chosen_seeds(const Prompts& prompts) const {
    if (!command.seeds.empty()) return parse_seeds(command.seeds);
    if (grid.empty() && !prompts.empty()) return parse_seeds(c10::str("0-", prompts.texts.size() - 1));
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

  // Of each image; empty for a model without text.
  std::vector<std::string> prompts_shown(const Prompts& prompts, const std::vector<int64_t>& seeds,
                                         std::pair<int64_t, int64_t> shape) const {
    if (prompts.empty() || !prompt_per_row) return prompts.empty() ? prompts.texts : prompts.of(seeds);
    const auto count = int64_t(prompts.texts.size());
    check_usage(shape.first == count, "--prompt-per-row: the grid has ", shape.first, " rows but there are ",
                count, count == 1 ? " prompt" : " prompts");
    std::vector<std::string> shown;
    for (size_t place = 0; place < seeds.size(); ++place)
      shown.push_back(prompts.texts[place / size_t(shape.second)]);
    return shown;
  }

  int run() {
    const c10::Device device = command.common.apply();
    if (paths.out.empty() && paths.raw.empty() && paths.images.empty()) paths.out = "samples.png";
    check_usage(save_steps == 0 || !paths.out.empty(), "--save-steps: needs --out");
    const Prompts prompts = command.prompts.read();
    check_usage(!prompt_per_row || !prompts.empty(), "--prompt-per-row: needs --prompt or --prompts");
    const auto seeds = chosen_seeds(prompts);
    LoadedModel loaded = command.find(seeds.size());
    if (command.config.print_config) {
      std::cout << loaded.config.to_yaml();
      return kDone;
    }
    check_prompts(prompts, loaded);
    for (const auto& [option, path] : {std::pair("--out", paths.out), std::pair("--images", paths.images)}) {
      if (!path.empty()) check_makes_pictures(loaded.recipe(), option + (" " + path));
    }
    const Stages stages = stages_of(loaded, device);
    const SampleJob job = job_of(loaded, stages, prompts, seeds, device);
    check_outputs(paths, job);
    if (command.dry_run) {
      std::cout << describe_sampling(loaded, seeds.size(), device) << std::endl;
      if (const std::string text = stages.describe(); !text.empty()) std::cout << text << std::endl;
      if (!loaded.classes.empty()) std::cout << describe_classes(loaded.classes) << std::endl;
      return kDone;
    }
    load_weights_of(loaded, device);
    install_signal_handlers();
    return sample(loaded, make_sampler(loaded, device, sampler_parts(stages, prompts.negative)), job, device);
  }

  SampleJob job_of(const LoadedModel& loaded, const Stages& stages, const Prompts& prompts,
                   const std::vector<int64_t>& seeds, c10::Device device) {
    const auto shape = layout(seeds.size());
    SampleJob job;
    job.request.seeds = seeds;
    job.shape = shape;
    job.shown = prompts_shown(prompts, seeds, shape);
    job.real_classes = loaded.recipe().model.real_classes();
    job.picture = picture_shape(loaded.recipe(), stages);
    if (!grid.empty()) job.layout = "--grid " + grid;
    if (class_per_row) {
      job.request.labels = labels_per_row(loaded, shape);
      job.layout += " --class-per-row";
    } else {
      command.labels = class_label ? class_policy(*class_label, loaded.recipe().model, loaded.classes)
                                   : command.policy(loaded);
      job.request.labels = choose_labels(command.labels, seeds, job.real_classes);
    }
    if (prompt_per_row) job.layout += " --prompt-per-row";
    if (!prompts.empty()) job.request.context = prompt_rows(stages)(job.shown);
    job.record =
        command.record(loaded, file_crc32(loaded.file), seeds_text(seeds), command.labels, prompts, device);
    return job;
  }

  int sample(const LoadedModel& loaded, const Sampler& sampler, const SampleJob& job,
             c10::Device device) const {
    const std::vector<int64_t>& seeds = job.request.seeds;
    log_info(describe_sampling(loaded, seeds.size(), device));
    SampleOutputs outputs(paths, job);
    SamplingProgress progress(seeds.size(), sampler.plan());
    FiniteCheck finite(seeds);
    try {
      sampler.run(
          job.request,
          [&](size_t first, const at::Tensor& batch) {
            const at::Tensor good = finite.add(batch);
            outputs.add(first, batch, good);
            if (finite.all_bad()) throw Stopped{};
          },
          [&](size_t first, int64_t step, const at::Tensor& x) {
            progress.update(first, step);
            if (save_steps > 0 && step % save_steps == 0) outputs.add_intermediate(step, sampler.decoded(x));
            if (received_signal() != 0) throw Stopped{};
          });
    } catch (const Stopped&) {
    }
    progress.finish();
    const size_t finished = finite.made();
    if (finished > 0) outputs.finish_array();
    const bool shows = !paths.out.empty() && finished > 0 && !finite.all_bad();
    if (shows) outputs.write_grid(finished == seeds.size() && !finite.any_bad());
    if (finite.any_bad()) {
      throw std::runtime_error(finite.text(sampler.plan().options.precision, "--precision") +
                               (shows ? "; black in " + paths.out : ""));
    }
    say_written(finished, seeds);
    if (finished == seeds.size()) return kDone;
    write_line(c10::str(signal_name(received_signal()), ": ", finished, " of ",
                        count_of(seeds.size(), "image"), " made", finished > 0 ? ", those of the seeds " : "",
                        seeds_text({seeds.begin(), seeds.begin() + long(finished)})));
    return kInterrupted;
  }

  void say_written(size_t count, const std::vector<int64_t>& seeds) const {
    if (count == 0) return;
    if (!paths.images.empty()) {
      log_info("wrote ", count_of(count, "image"), " to ", paths.images, ", ", image_file_name(seeds.front()),
               count > 1 ? " to " + image_file_name(seeds[count - 1]) : "");
    }
    if (!paths.raw.empty()) log_info("wrote ", paths.raw, ": ", count_of(count, "image"));
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

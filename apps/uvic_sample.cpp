// uvic-sample: images from weights, as a grid, a folder of PNGs or a float array.
#include <iostream>

#include "app.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/seeds.h"
#include "core/signals.h"
#include "core/text.h"
#include "sample_outputs.h"
#include "sample_reproduce.h"
#include "sample_settings.h"
#include "sample_sweep.h"
#include "sampling/dump/formats.h"
#include "sampling/finite.h"
#include "sampling/make_sampler.h"
#include "sampling/repaint.h"

namespace uvic {
namespace {

struct SampleApp {
  const CLI::App* options = nullptr;
  SampleSettings settings;
  SamplePaths paths;
  SweepOptions sweep;
  ReproduceOptions reproduce;

  void add_to(CLI::App& app) {
    options = &app;
    settings.add_to(app);
    app.add_option(
           "--out", paths.out,
           "the grid as a PNG, or by its ending a JPEG, WebP or GIF, which cannot say how they were made; "
           "default samples.png if nothing else is written")
        ->group("Output");
    app.add_option("--raw", paths.raw, "float32 [n, C, H, W], unclamped, as .npy")->group("Output");
    app.add_option("--images", paths.images,
                   "folder for one PNG a seed, named by seed; others in it must be of the same settings")
        ->group("Output");
    sweep.add_to(app);
    reproduce.add_to(app);
  }

  int run() {
    if (!reproduce.picture.empty()) return reproduce.run(*options, paths.out);
    Sampling sampling = settings.find();
    const SampleCommand& command = settings.command();
    if (command.config.print_config) {
      std::cout << sampling.loaded.config.to_yaml();
      return kDone;
    }
    if (paths.out.empty() && paths.raw.empty() && paths.images.empty()) paths.out = "samples.png";
    check_usage(settings.save_steps() == 0 || !paths.out.empty(), "--save-steps: needs --out");
    settings.complete(sampling);
    for (const auto& [option, path] : {std::pair("--out", paths.out), std::pair("--images", paths.images)}) {
      if (!path.empty()) check_makes_pictures(sampling.loaded.recipe(), std::string(option) + " " + path);
    }
    if (sampling.sweep.empty()) {
      check_outputs(paths, sampling.job);
    } else {
      check_usage(paths.raw.empty() && paths.images.empty(), "--sweep: writes a sheet, --out, and no ",
                  paths.raw.empty() ? "--images" : "--raw");
      sweep.check(sampling, paths.out);
    }
    if (command.dry_run) {
      describe(sampling);
      return kDone;
    }
    load_weights_of(sampling.loaded, sampling.device);
    install_signal_handlers();
    return sampling.sweep.empty() ? sample(sampling) : sweep.run(sampling, paths.out);
  }

  static std::string described(const Sampling& sampling) {
    const SampleJob& job = sampling.job;
    return describe_sampling(sampling.loaded, job.request.seeds.size(), sampling.device,
                             job.record.evaluations);
  }

  static void describe(const Sampling& sampling) {
    std::cout << described(sampling) << std::endl;
    if (const std::string text = sampling.stages.describe(); !text.empty()) std::cout << text << std::endl;
    if (!sampling.loaded.classes.empty()) std::cout << describe_classes(sampling.loaded.classes) << std::endl;
  }

  int sample(const Sampling& sampling) const {
    const SampleJob& job = sampling.job;
    const Sampler sampler = sampling.sampler();
    const size_t count = job.request.seeds.size();
    log_info(described(sampling));
    SampleOutputs outputs(paths, job);
    SamplingProgress progress(count, plan_with(sampler.plan(), job.request.start));
    FiniteCheck finite(job.request.seeds);
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
            if (settings.save_steps() > 0 && step % settings.save_steps() == 0)
              outputs.add_intermediate(step, sampler.decoded(x));
            stop_if_asked();
          });
    } catch (const Stopped&) {
    }
    progress.finish();
    const size_t finished = finite.made();
    if (finished > 0) outputs.finish_array();
    const bool shows = !paths.out.empty() && finished > 0 && !finite.all_bad();
    if (shows) outputs.write_grid(finished == count && !finite.any_bad());
    if (finite.any_bad()) {
      throw std::runtime_error(finite.text(sampler.plan().options.precision, "--precision") +
                               (shows ? "; black in " + paths.out : ""));
    }
    say_written(finished, job);
    if (finished == count) return kDone;
    const auto& seeds = job.request.seeds;
    const std::string which =
        finished == 0 || job.frame_rate > 0
            ? ""
            : ", those of the seeds " + seeds_text({seeds.begin(), seeds.begin() + long(finished)});
    return interrupted(c10::str(finished, " of ", count_of(count, "image"), " made", which)), kInterrupted;
  }

  void say_written(size_t count, const SampleJob& job) const {
    if (count == 0) return;
    const auto name = [&](size_t index) {
      return image_file_name(job.frame_rate > 0 ? int64_t(index) : job.request.seeds[index]);
    };
    if (!paths.images.empty()) {
      log_info("wrote ", count_of(count, "image"), " to ", paths.images, ", ", name(0),
               count > 1 ? " to " + name(count - 1) : "");
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

#include "fid_dump.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <thread>

#include "core/device.h"
#include "core/errors.h"
#include "core/log.h"
#include "core/seeds.h"
#include "core/signals.h"
#include "core/text.h"
#include "ranks.h"
#include "sampling/dump/dump.h"
#include "sampling/dump/merge.h"
#include "sampling/labels.h"
#include "sampling/make_sampler.h"
#include "tasks/diffusion/examples.h"

namespace uvic {

namespace fs = std::filesystem;

void DumpCommand::add_to(CLI::App& app) {
  command.add_to(app);
  auto* seeds =
      app.add_option("--seeds", command.seeds, "0-49999 (inclusive) or 5,6,1007")->group("Which images");
  app.add_option("--num", num, "as --seeds 0-(N-1)")
      ->check(CLI::Range(int64_t{1}, kMaxImageSeed))
      ->excludes(seeds)
      ->group("Which images");
  app.add_option("--out", out,
                 "a folder of images named by seed, 000000.png, or one file, x.zip or x.npz; what is there "
                 "of it is kept")
      ->group("Output");
  auto* chosen = app.add_option("--format", format,
                                "auto (by the ending of --out), png, subdirs (a folder a thousand seeds), "
                                "zip (stored PNGs) or npz (arr_0 uint8 NHWC, arr_1 labels)")
                     ->capture_default_str()
                     ->group("Output");
  app.add_flag("--subdirs", subdirs, "as --format subdirs")->excludes(chosen)->group("Output");
  app.add_option(
         "--shard", shard,
         "I/N: only part I, from 0, of N, for uvic-fid merge; the processes of mpirun, torchrun or srun "
         "share the work by themselves")
      ->group("Which images");
  app.add_option("--encoders", encoders, "threads that encode and store; 0: half the cores, at most 8")
      ->check(CLI::Range(0, 256))
      ->capture_default_str()
      ->group("Machine");
}

// Ascending, none twice: the order of an archive.
std::vector<int64_t> DumpCommand::chosen_seeds(const Prompts& prompts) const {
  check_usage(num > 0 || !command.seeds.empty() || !prompts.empty(), "give --num N or --seeds a-b");
  const bool counted = num > 0 || command.seeds.empty();
  auto seeds = parse_seeds(counted ? c10::str("0-", (num > 0 ? num : int64_t(prompts.texts.size())) - 1)
                                   : command.seeds);
  std::sort(seeds.begin(), seeds.end());
  seeds.erase(std::unique(seeds.begin(), seeds.end()), seeds.end());
  return seeds;
}

// What a shell has left over divides the work, too, and says so; only a launcher's processes meet again.
int DumpCommand::run() {
  if (!shard.empty() || rank_is_left_over()) return dump_part(parse_shard(shard), command.common.apply());
  return as_rank(command.common, Needs::kTexts, [&](const World& world, c10::Device device) {
    if (world.alone()) return dump_part({}, device);
    return dump_together(world, device);
  });
}

// Each rank makes its shard, and rank 0 the whole of them.
int DumpCommand::dump_together(const World& world, c10::Device device) {
  const auto shard_of = [&](int64_t rank) { return Shard{rank, world.size(), /*by_rank=*/true}; };
  const bool makes = !command.config.print_config && !command.dry_run;
  if (!makes) return world.first() ? dump_part({}, device) : int(kDone);
  check_usage(!out.empty(), "--out: give the folder or the file of the images");
  const DumpFormat chosen = parse_format(subdirs ? "subdirs" : format, out);
  if (world.first_finds([&] { return find_manifest(out) && !fs::exists(shard_path(out, shard_of(0))); })) {
    // Made before: what is missing of it is rank 0's.
    return world.first() ? dump_part({}, device) : int(kDone);
  }
  const std::string code = std::to_string(dump_part(shard_of(world.rank()), device));
  for (const std::string& of_rank : world.texts(code)) {
    if (of_rank != "0") return std::stoi(of_rank);
  }
  world.first_does([&] {
    std::vector<fs::path> shards;
    for (int64_t r = 0; r < world.size(); ++r) {
      const fs::path part = shard_path(out, shard_of(r));
      if (fs::exists(part)) shards.push_back(part);  // there may be fewer images than processes
    }
    const MergeReport report = merge_dumps(out, chosen, shards);
    for (const fs::path& part : shards) {
      fs::remove(manifest_path(format_of_ending(part), part));
      fs::remove_all(part);
    }
    log_info("the ", shards.size(), " parts are ", out, " now: ", count_of(report.images, "image"));
  });
  return kDone;
}

int DumpCommand::dump_part(const Shard& part, c10::Device device) {
  const Prompts prompts = command.prompts.read();
  const auto all = chosen_seeds(prompts);
  const auto seeds = shard_seeds(all, part);
  LoadedModel loaded = command.find(all.size());  // not the shard's number: its batches are the whole's
  if (command.config.print_config) {
    std::cout << loaded.config.to_yaml();
    return kDone;
  }
  check_usage(!out.empty(), "--out: give the folder or the file of the images");
  const fs::path target = shard_path(out, part);
  const DumpFormat chosen = parse_format(subdirs ? "subdirs" : format, target);
  check_dump_path(target, chosen);
  if (part.by_rank && part.count > 1 && rank_is_left_over()) {
    log_info("RANK=", part.index, " and WORLD_SIZE=", part.count, " are set: this process makes ",
             seeds.size(), " of ", count_of(all.size(), "image"), ", into ", target.string(),
             "; --shard 0/1 makes all of them");
  }
  if (!command.config.given("sample.batch_size")) {
    const auto there = find_manifest(target);
    if (there) loaded.config.recipe.sample.batch_size = there->making.sample.batch_size;
  }
  check_makes_pictures(loaded.recipe(), "uvic-fid dump");
  check_prompts(prompts, loaded);
  const Stages stages = stages_of(loaded, device);
  DumpManifest manifest = manifest_of(loaded, stages, prompts, device);
  manifest.image = picture_shape(loaded.recipe(), stages);
  manifest.format = chosen;
  manifest.seeds = seeds;
  if (part.count > 1) manifest.shard_of = all;
  if (!seeds.empty()) check_dump_settings(target, manifest);
  if (command.dry_run) {
    std::cout << describe_sampling(loaded, seeds.size(), device) << std::endl;
    if (!loaded.classes.empty()) std::cout << describe_classes(loaded.classes) << std::endl;
    return kDone;
  }
  if (seeds.empty()) {
    log_info("shard ", part.index, " of ", part.count, " has none of ", count_of(all.size(), "image"));
    return kDone;
  }
  load_weights_of(loaded, device);
  const Sampler sampler = make_sampler(loaded, device, sampler_parts(stages, prompts.negative));
  return dump(target, loaded, sampler, manifest, prompt_rows(stages), device);
}

DumpManifest DumpCommand::manifest_of(const LoadedModel& loaded, const Stages& stages, const Prompts& prompts,
                                      c10::Device device) const {
  const int64_t classes = loaded.recipe().model.real_classes();
  DumpManifest manifest;
  manifest.version = version_number();
  manifest.making = command.record(loaded, stages, "", self_contained_labels(command.policy(loaded), classes),
                                   prompts, device);
  manifest.making.device = c10::DeviceTypeName(device.type(), /*lower_case=*/true);  // whichever GPU it was
  manifest.classes = classes;
  return manifest;
}

int DumpCommand::dump(const fs::path& target, const LoadedModel& loaded, const Sampler& sampler,
                      const DumpManifest& manifest, const PromptRows& rows_of, c10::Device device) const {
  OpenDump open = open_dump(target, manifest);
  const size_t count = manifest.seeds.size(), missing = open.missing.size();
  const size_t there = find_manifest(target)->seeds.size();
  if (there > count)
    log_warning(target.string(), ": is a dump of ", there, " images, ", there - count,
                " of them of other seeds than are asked for here");
  if (missing < count) {
    log_info(missing > 0 ? std::to_string(count - missing) + " of "
             : count > 1 ? "all "
                         : "",
             count_of(count, "image"), count == 1 ? " is" : " are", " there already");
  }
  if (missing > 0) log_info(describe_sampling(loaded, missing, device));
  install_signal_handlers();
  SamplingProgress progress(missing, sampler.plan());
  const unsigned cores = std::thread::hardware_concurrency();
  const DumpReport report = run_dump(
      sampler, open, encoders > 0 ? encoders : int(std::clamp(cores / 2, 1U, 8U)),
      [&](size_t first, int64_t step, const at::Tensor&) { progress.update(first, step); },
      [] { return received_signal() != 0; }, rows_of);
  progress.finish();
  if (!report.not_finite.empty()) {
    throw std::runtime_error(c10::str(report.not_finite, "; ", target.string(), " has ",
                                      count - missing + report.stored, " of its ", count,
                                      " images and is not whole"));
  }
  if (report.stopped)
    return interrupted(c10::str(count_of(report.stored, "image"), " written, ", missing - report.stored,
                                " missing; the same command goes on")),
           kInterrupted;
  if (missing == 0) return kDone;
  char speed[96];
  std::snprintf(speed, sizeof speed, "%.0f images/s; the network waited for encoding %.1f %% of the time",
                double(report.stored) / report.seconds, 100 * report.wait_fraction);
  log_info("wrote ", count_of(report.stored, "image"), " to ", target.string(), ": ", speed);
  return kDone;
}

}  // namespace uvic

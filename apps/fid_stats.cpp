#include "fid_stats.h"

#include <iostream>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "io/atomic_file.h"
#include "metrics/scores.h"
#include "metrics/stats_file.h"
#include "ranks.h"
#include "sampling/dump/whole.h"
#include "train/run_directory.h"

namespace uvic {

namespace fs = std::filesystem;

void StatsCommand::add_to(CLI::App& app) {
  app.add_option("images", images,
                 "a folder (images at any depth, or the training files of idx or CIFAR), a .zip of images, "
                 "or an .npz of "
                 "them (arr_0); with --config it stands for data.path, read and prepared as training does");
  app.add_option("--out", out, "the .npz to write: mu [D] and sigma [D, D]");
  app.add_option("--mu-dtype", mu_dtype, "of mu and sigma: float64 (as pytorch-fid, EDM) or float32")
      ->check(CLI::IsMember({"float64", "float32"}))
      ->capture_default_str();
  app.add_flag("--save-features", save_features, "also the features themselves, as arr_0 [N, D] float32");
  command.add_to(app, "TorchScript extractor, such as inception-2015-12-05.pt");
}

void StatsCommand::check_out() const {
  check_usage(!out.empty(), "--out: give the .npz to write");
  const fs::path file = out;
  check_usage(file.extension() == ".npz", "--out ", out, ": must end in .npz");
  check_usage(!fs::is_directory(file), "--out ", out, ": is a folder");
  check_run_path(fs::absolute(file).parent_path());  // made when the statistics are there
  check_replaceable(file);
}

int StatsCommand::run() const {
  return as_rank(command.common, Needs::kTexts,
                 [&](const World& world, c10::Device device) { return run(world, device); });
}

int StatsCommand::run(const World& world, c10::Device device) const {
  const bool configured = command.config.any();
  if (command.config.print_config) {
    if (world.first()) std::cout << command.training(images).to_yaml();
    return kDone;
  }
  check_out();
  check_usage(!images.empty() || configured,
              "images: give a folder, a .zip or an .npz of them, or --config C for the data set of a recipe");
  const auto bad = command.bad_files(out + ".bad-files.txt");
  if (!configured) check_scorable(images);
  const auto set = configured ? command.open_training(images, bad) : command.open_images(images, bad);
  bad->tell();
  const std::string name = images.empty() ? command.training("").data.path : images;
  check_enough(*set, name);
  const auto extractor = command.open_extractor(device, "the statistics are of its features");
  extractor->probe(set->first_size().height, set->first_size().width);

  const auto [features, times, left_out] =
      command.extract(*extractor, *set, name, *bad, {.keep_rows = save_features}, world);
  if (!world.first()) return kDone;
  const int64_t D = features.pooled.dim();
  const std::string warning =
      small_sample_warning({{name, features.images, std::min(features.images - 1, D)}}, D);
  if (!warning.empty()) log_warning(warning);
  fs::create_directories(fs::absolute(out).parent_path());
  save_stats(out, features, mu_dtype == "float32" ? at::kFloat : at::kDouble, left_out > 0);
  log_info("wrote ", out, ": mu [", D, "], sigma [", D, ", ", D, "]",
           features.spatial.defined() ? ", mu_s, sigma_s" : "", save_features ? ", arr_0" : "", " of ",
           count_of(features.images, "image"));
  return kDone;
}

}  // namespace uvic

#include "fid_stats.h"

#include "core/errors.h"
#include "core/log.h"
#include "metrics/scores.h"
#include "metrics/stats_file.h"

namespace uvic {

namespace fs = std::filesystem;

void StatsCommand::add_to(CLI::App& app) {
  app.add_option("images", images,
                 "a folder (images at any depth), a .zip of images, or an .npz of them (arr_0)")
      ->required();
  app.add_option("--out", out, "the .npz to write: mu [D] and sigma [D, D]")->required();
  app.add_option("--mu-dtype", mu_dtype, "of mu and sigma: float64 (as pytorch-fid, EDM) or float32")
      ->check(CLI::IsMember({"float64", "float32"}))
      ->capture_default_str();
  app.add_flag("--save-features", save_features, "also the features themselves, as arr_0 [N, D] float32");
  command.add_to(app, "TorchScript extractor, such as inception-2015-12-05.pt");
}

int StatsCommand::run() const {
  const c10::Device device = command.common.apply();
  const fs::path file = out;
  check_usage(file.extension() == ".npz", "--out ", out, ": must end in .npz");
  check_usage(!fs::is_directory(file), "--out ", out, ": is a folder");
  if (file.has_parent_path()) fs::create_directories(file.parent_path());
  const auto extractor = command.open_extractor(device, "the statistics are of its features");
  const FeatureSet set = command.extract(*extractor, images, {.keep_rows = save_features}).set;
  const int64_t D = set.pooled.dim();
  const std::string warning = small_sample_warning(images, set.images, std::min(set.images - 1, D), D);
  if (!warning.empty()) log_warning(warning);
  save_stats(file, set, mu_dtype == "float32" ? at::kFloat : at::kDouble);
  log_info("wrote ", out, ": mu [", D, "], sigma [", D, ", ", D, "]",
           set.spatial.defined() ? ", mu_s, sigma_s" : "", save_features ? ", arr_0" : "", " of ", set.images,
           " images");
  return kDone;
}

}  // namespace uvic

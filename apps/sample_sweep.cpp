#include "sample_sweep.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "io/atomic_file.h"
#include "io/digests.h"
#include "io/grid.h"
#include "metrics/frechet.h"
#include "metrics/scores.h"
#include "metrics/stats_file.h"
#include "sampling/finite.h"
#include "sampling/labels.h"
#include "sampling/repaint.h"
#include "sampling/sweep_sheet.h"
#include "tasks/diffusion/samples.h"

namespace uvic {
namespace {

namespace fs = std::filesystem;

// So that a sweep of slow cells ends soon.
void at_each_step(size_t, int64_t, const at::Tensor&) {
  stop_if_asked();
}

size_t cells_of(const Sweep& sweep) {
  return sweep.rows() * sweep.cols();
}

SampleOptions cell_options(const Sampling& sampling, size_t index) {
  return sampling.sweep.cell(sampling.loaded.recipe().sample, index);
}

at::Tensor cell_picture(const Sampling& sampling, size_t index) {
  const SampleJob& job = sampling.job;
  FiniteCheck finite(job.request.seeds);
  const SampleOptions options = cell_options(sampling, index);
  std::vector<at::Tensor> pictures;
  sampling.sampler(options).run(
      job.request,
      [&](size_t, const at::Tensor& images) {
        finite.add(images);
        pictures.push_back(to_pictures(images));
      },
      at_each_step);
  if (finite.any_bad())
    log_warning(sampling.sweep.name(index), ": ", finite.text(options.precision, "--precision"),
                "; black in the sheet");
  return make_grid(at::cat(pictures), job.shape.first, job.shape.second, /*padding=*/1);
}

// Seeds 0 .. images - 1, their classes and prompts as the sheet's.
double frechet_of(const Sampling& sampling, size_t index, int64_t images, FeatureExtractor& extractor,
                  const FeatureSet& reference) {
  SampleOptions options = cell_options(sampling, index);
  options.batch_size = std::min(sampling.whole_batch, images);
  SampleRequest request;
  request.seeds = seeds_in_turn(images);
  request.labels = choose_labels(sampling.job.record.labels, request.seeds, sampling.job.real_classes);
  request.start = sampling.job.request.start;
  if (!sampling.prompts.empty())
    request.context = prompt_rows(sampling.stages)(sampling.prompts.of(request.seeds));
  FeatureCollector collector(extractor, {});
  sampling.sampler(options).run(
      request, [&](size_t, const at::Tensor& made) { collector.add_pictures(to_uint8(made)); }, at_each_step);
  const FeatureSet set = collector.finish(sampling.sweep.name(index));
  const FrechetResult result = frechet_distance(set.pooled, reference.pooled);
  const std::string warning =
      small_sample_warning({{"each setting", set.images, result.rank_a}}, set.pooled.dim());
  if (!warning.empty()) log_warning(warning);
  return result.distance;
}

std::string markdown(const Sweep& sweep, const std::vector<double>& values) {
  const auto& axes = sweep.axes();
  std::string head = axes.size() > 1 ? "| " + axes[1].key + " \\ " + axes[0].key + " |" : "| |",
              rule = "|---|", text;
  for (const std::string& value : axes[0].values) {
    head += " " + (axes.size() > 1 ? value : axes[0].key + " " + value) + " |";
    rule += "---|";
  }
  for (size_t row = 0; row < sweep.rows(); ++row) {
    text += "| " + (axes.size() > 1 ? axes[1].values[row] : std::string("Frechet distance")) + " |";
    for (size_t col = 0; col < sweep.cols(); ++col) {
      char value[32];
      std::snprintf(value, sizeof value, " %.4g |", values[row * sweep.cols() + col]);
      text += value;
    }
    text += "\n";
  }
  return head + "\n" + rule + "\n" + text;
}

}  // namespace

at::Tensor make_sweep_sheet(const Sampling& sampling) {
  const Sweep& sweep = sampling.sweep;
  ProgressBar bar("sampling", "settings", int64_t(cells_of(sweep)));
  std::vector<at::Tensor> cells;
  try {
    for (size_t index = 0; index < cells_of(sweep); ++index) {
      bar.update(int64_t(index), sweep.name(index));
      cells.push_back(cell_picture(sampling, index));
    }
  } catch (const Stopped&) {
    return {};
  }
  bar.finish();
  return sweep_sheet(cells, sweep.column_labels(), sweep.row_labels());
}

void SweepOptions::add_to(CLI::App& app) {
  constexpr auto kGroup = "Settings side by side";
  auto* stats =
      app.add_option("--stats", stats_,
                     "also the Frechet distance of each setting to these statistics (.npz, see uvic-fid "
                     "stats): a table, and beside --out as .json")
          ->needs("--sweep")
          ->group(kGroup);
  auto* features =
      app.add_option("--features", features_, "the TorchScript extractor that the statistics are of")
          ->needs(stats)
          ->group(kGroup);
  stats->needs(features);
  app.add_option("--num", num_, "images of each setting that are scored, seeds 0 to N-1; default 1000")
      ->check(CLI::Range(int64_t{2}, int64_t{100000000}))
      ->needs(stats)
      ->group(kGroup);
}

void SweepOptions::check(const Sampling& sampling, const std::string& out) const {
  const Sweep& sweep = sampling.sweep;
  for (size_t index = 0; index < cells_of(sweep); ++index) {
    try {
      const SampleOptions options = cell_options(sampling, index);
      plan_with(plan_sampling(options, sampling.loaded.recipe().diffusion), sampling.job.request.start);
      check_usage(options.cfg == 1 || sampling.loaded.recipe().has_null() || options.has_guide(),
                  "sample.cfg needs a null label, or a guide; use 1");
    } catch (const UsageError& error) {
      usage_error("--sweep, ", sweep.name(index), ": ", error.what());
    }
  }
  const auto [C, H, W] = sampling.job.picture;
  const auto [cell_height, cell_width] = grid_size(sampling.job.shape, H, W, /*padding=*/1);
  const auto [height, width] =
      sweep_sheet_size(sweep.column_labels(), sweep.row_labels(), cell_height, cell_width);
  check_picture("--out", out, 3, height, width);
}

int SweepOptions::run(const Sampling& sampling, const std::string& out) const {
  std::unique_ptr<FeatureExtractor> extractor;
  FeatureSet reference;
  const auto [C, H, W] = sampling.job.picture;
  if (scores()) {
    extractor = std::make_unique<FeatureExtractor>(features_, sampling.device);
    reference = load_reference("--stats", stats_, *extractor, "--features", {H, W});
  }
  const at::Tensor sheet = make_sweep_sheet(sampling);
  if (!sheet.defined()) return interrupted("nothing is written"), kInterrupted;
  save_picture(out, sheet, sample_record(grid_record(sampling.job)));
  log_info("wrote ", out);
  if (!scores()) return kDone;

  const int64_t images = num_.value_or(1000);
  std::vector<double> values;
  ProgressBar bar("scoring", "settings", int64_t(cells_of(sampling.sweep)));
  try {
    for (size_t index = 0; index < cells_of(sampling.sweep); ++index) {
      bar.update(int64_t(index), sampling.sweep.name(index));
      values.push_back(frechet_of(sampling, index, images, *extractor, reference));
    }
  } catch (const Stopped&) {
    return interrupted("the sheet is written, the scores are not"), kInterrupted;
  }
  bar.finish();
  nlohmann::ordered_json json = {
      {"images", images},
      {"stats", {{"file", stats_}, {"sha256", file_digests(stats_).sha256}}},
      {"features", {{"file", features_}, {"sha256", extractor->sha256()}}},
      {"weights", {{"file", sampling.loaded.file.string()}, {"sha256", sampling.job.record.weights_sha256}}},
      {"settings", nlohmann::ordered_json::array()}};
  for (size_t index = 0; index < values.size(); ++index) {
    nlohmann::ordered_json setting;
    const auto& axes = sampling.sweep.axes();
    setting[axes[0].key] = axes[0].values[index % sampling.sweep.cols()];
    if (axes.size() > 1) setting[axes[1].key] = axes[1].values[index / sampling.sweep.cols()];
    setting["frechet_distance"] = values[index];
    json["settings"].push_back(setting);
  }
  const auto table = fs::path(out).replace_extension(".json");
  write_file_atomically(table, json.dump(2) + "\n");
  std::cout << markdown(sampling.sweep, values) << std::flush;
  log_info("Frechet distances of ", images, " images each to ", stats_, ", by ", features_, "; also in ",
           table.string());
  return kDone;
}

}  // namespace uvic

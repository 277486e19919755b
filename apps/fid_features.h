// What `uvic-fid stats` and `uvic-fid score` have in common: an extractor, and images through it.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "app.h"
#include "config_options.h"
#include "data/image_set.h"
#include "dist/world.h"
#include "metrics/extract.h"
#include "tasks/diffusion/config.h"

namespace uvic {

struct FeatureCommand {
  CommonOptions common;
  ConfigOptions config;
  std::string features, on_error;
  int64_t batch_size = 64, workers = 2;

  void add_to(CLI::App& app, const std::string& features_help);

  /// What --config and --set say of training; `path` stands for data.path unless it is empty. UsageError as
  /// for a training run.
  DiffusionConfig training(const std::string& path) const;
  /// As --on-error says, else data.on_error of the configuration; `list` as BadFiles has it.
  SharedBadFiles bad_files(const std::filesystem::path& list) const;
  /// The images of a path as they are (open_image_set).
  std::unique_ptr<ImageSet> open_images(const std::string& path, const SharedBadFiles& bad) const;
  /// The training images of `training(path)`, prepared for its model.
  std::unique_ptr<ImageSet> open_training(const std::string& path, const SharedBadFiles& bad) const;

  /// Loads the network and says its SHA-256. UsageError where --features is missing (`needed_by` says for
  /// what).
  std::unique_ptr<FeatureExtractor> open_extractor(c10::Device device, const std::string& needed_by) const;

  struct Extracted {
    FeatureSet set;
    ExtractTimes times;
    int64_t left_out = 0;
  };
  /// All images of a set, with a progress bar; says the speed, what of the time was spent waiting for images,
  /// and how many were left out. The ranks of `world` share the images; what rank 0 returns is of all, and
  /// what others return is empty.
  Extracted extract(FeatureExtractor& extractor, ImageSet& images, const std::string& name, BadFiles& bad,
                    const ExtractOptions& options, const World& world = {}) const;
};

/// UsageError with fewer than two images: known before any goes through the network.
void check_enough(const ImageSet& images, const std::string& name);

}  // namespace uvic

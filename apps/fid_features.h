// What `uvic-fid stats` and `uvic-fid score` have in common: an extractor, and images through it.
#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "app.h"
#include "data/image_set.h"
#include "metrics/extract.h"

namespace uvic {

struct FeatureCommand {
  CommonOptions common;
  std::string features;
  int64_t batch_size = 64, workers = 2;

  void add_to(CLI::App& app, const std::string& features_help);

  /// Loads the network and says its SHA-256. UsageError where --features is missing (`needed_by` says for
  /// what).
  std::unique_ptr<FeatureExtractor> open_extractor(c10::Device device, const std::string& needed_by) const;

  struct Extracted {
    FeatureSet set;
    ExtractTimes times;
  };
  /// All images of a set, with a progress bar; says the speed and what of the time was spent waiting for
  /// images. UsageError if the features are not of `expected_dim`, unless that is 0.
  Extracted extract(FeatureExtractor& extractor, const std::filesystem::path& images,
                    const ExtractOptions& options, int64_t expected_dim = 0) const;
};

}  // namespace uvic

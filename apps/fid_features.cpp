#include "fid_features.h"

#include <cstdio>

#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"

namespace uvic {
void FeatureCommand::add_to(CLI::App& app, const std::string& features_help) {
  app.add_option("--features", features, features_help);
  app.add_option("--batch-size,--batch", batch_size, "images in one call of the extractor")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--workers", workers, "threads that decode images ahead of the extractor")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  common.add_to(app);
}

std::unique_ptr<FeatureExtractor> FeatureCommand::open_extractor(c10::Device device,
                                                                 const std::string& needed_by) const {
  check_usage(!features.empty(), "--features: give a TorchScript extractor, as ", needed_by);
  auto extractor = std::make_unique<FeatureExtractor>(features, device);
  log_info("features by ", extractor->name(), ", SHA-256 ", extractor->sha256());
  return extractor;
}

FeatureCommand::Extracted FeatureCommand::extract(FeatureExtractor& extractor,
                                                  const std::filesystem::path& images,
                                                  const ExtractOptions& options, int64_t expected_dim) const {
  const auto set = open_image_set(images);
  ImageBatches batches(*set, batch_size, workers);
  FeatureCollector collector(extractor, options);
  ProgressBar bar("features of " + images.string(), "images", set->size());
  const ExtractTimes times = extract_all(
      [&] { return batches.next(); }, collector,
      [&](int64_t done) {
        check_usage(expected_dim == 0 || collector.dim() == expected_dim, extractor.name(), ": gives ",
                    collector.dim(), " features, but the statistics to compare with are of ", expected_dim);
        bar.update(done);
      });
  bar.finish();
  char speed[96];
  std::snprintf(speed, sizeof speed, "%.1f images/s, %.3f of the time waiting for images",
                double(set->size()) / times.seconds, times.wait_seconds / times.seconds);
  log_info(set->describe(), ": ", collector.dim(), " features each, ", speed);
  return {collector.finish(images.string()), times};
}

}  // namespace uvic

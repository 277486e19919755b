#include "fid_features.h"

#include <cstdio>

#include "core/errors.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/text.h"
#include "data/dataset_images.h"
#include "data/open.h"
#include "fid_inputs.h"
#include "image_part.h"
#include "tasks/diffusion/check_data.h"
#include "tasks/diffusion/examples.h"
#include "tasks/diffusion/shared_features.h"

namespace uvic {

void FeatureCommand::add_to(CLI::App& app, const std::string& features_help) {
  app.add_option("--features", features, features_help);
  app.add_option("--batch-size,--batch", batch_size, "images in one call of the extractor")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--workers", workers, "threads that decode images ahead of the extractor")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option(
         "--on-error", on_error,
         "a file that cannot be read: fail, or skip it and say so; default data.on_error of --config, "
         "else fail")
      ->check(CLI::IsMember({"fail", "skip"}));
  config.add_to(app, {}, "");
  common.add_to(app);
}

DiffusionConfig FeatureCommand::training(const std::string& path) const {
  DiffusionConfig effective;
  config.apply_to(fields_of(effective));
  if (!path.empty()) effective.data.path = path;
  if (!on_error.empty()) effective.data.on_error = on_error;
  effective.resolve();
  effective.validate();
  return effective;
}

SharedBadFiles FeatureCommand::bad_files(const std::filesystem::path& list) const {
  OnError choice = on_error == "skip" ? OnError::kSkip : OnError::kFail;
  if (on_error.empty() && config.any()) choice = training("").data.on_error;
  return std::make_shared<BadFiles>(choice, "--on-error skip", list);
}

std::unique_ptr<ImageSet> FeatureCommand::open_images(const std::string& path,
                                                      const SharedBadFiles& bad) const {
  check_holds_images(path);
  return open_image_set(path, bad);
}

std::unique_ptr<ImageSet> FeatureCommand::open_training(const std::string& path,
                                                        const SharedBadFiles& bad) const {
  DiffusionConfig effective = training(path);
  effective.data.cache = CacheUse::kNever;  // each image is looked at once
  Recipe without_text = effective;
  without_text.text = {};
  const ImageShape pictures =
      picture_shape(effective, open_stages(without_text, Precision::kFp32, c10::kCPU));
  const DataSets data =
      open_data(effective.data, pictures, {}, *bad, /*with_classes=*/true, /*with_captions=*/false);
  check_data(data, effective, pictures);
  return images_of(data.train, bad);
}

std::unique_ptr<FeatureExtractor> FeatureCommand::open_extractor(c10::Device device,
                                                                 const std::string& needed_by) const {
  check_usage(!features.empty(), "--features: give a TorchScript extractor, as ", needed_by);
  auto extractor = std::make_unique<FeatureExtractor>(features, device);
  log_info("features by ", extractor->name(), ", SHA-256 ", extractor->sha256());
  return extractor;
}

FeatureCommand::Extracted FeatureCommand::extract(FeatureExtractor& extractor, ImageSet& images,
                                                  const std::string& name, BadFiles& bad,
                                                  const ExtractOptions& options, const World& world) const {
  const int64_t by_headers = images.left_out();  // the same on all ranks
  ImagePart part(images, world.size(), world.rank());
  ImageBatches batches(part, batch_size, workers);
  FeatureCollector collector(extractor, options);
  ProgressBar bar("features of " + name, "images", part.size());
  ExtractTimes times;
  try {
    times = extract_all([&] { return batches.next(); }, collector, [&](int64_t done) { bar.update(done); });
  } catch (const NonFiniteFeatures& error) {
    throw std::runtime_error(c10::str(error.what(), ": ", batches.name(error.row)));
  }
  bar.finish();
  bad.tell();
  const int64_t left_out = by_headers + collect_of_all(world, collector, part.left_out_here());
  if (!world.first()) return {{}, times, left_out};
  const int64_t used = collector.count();
  if (left_out > 0) {
    log_info(name, ": ", used, " of ", count_of(used + left_out, "image"), " used, ", left_out, " left out");
  }
  FeatureSet set = collector.finish(name);
  char speed[96];
  std::snprintf(speed, sizeof speed, "%.1f images/s, %.3f of the time waiting for images",
                double(used) / times.seconds, times.wait_seconds / times.seconds);
  log_info(name, ": ", count_of(used, "image"), ", ", collector.dim(), " features each, ", speed);
  return {std::move(set), times, left_out};
}

void check_enough(const ImageSet& images, const std::string& name) {
  check_usage(images.size() >= 2, few_images_text(name, images.size()));
}

}  // namespace uvic

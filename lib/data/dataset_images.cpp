#include "data/dataset_images.h"

#include "core/errors.h"
#include "core/log.h"
#include "data/cifar.h"
#include "data/idx.h"
#include "data/open.h"

namespace uvic {
namespace {

class DatasetImages : public ImageSet {
 public:
  DatasetImages(std::shared_ptr<const Dataset> dataset, SharedBadFiles bad)
      : dataset_(std::move(dataset)), bad_(std::move(bad)) {}
  int64_t size() const override { return dataset_->size(); }
  ImageSize first_size() const override {
    const auto [channels, height, width] = dataset_->image_shape();
    return {height, width};
  }
  std::string name(int64_t number) const override {
    return c10::str("image ", number, " of ", dataset_->describe());
  }
  std::vector<ImageRun> read(int64_t first, int64_t count) override {
    ImageRun run;
    std::vector<at::Tensor> images;
    for (int64_t i = first; i < first + count; ++i) {
      try {
        images.push_back(dataset_->image(i));
      } catch (const UsageError& error) {
        leave_out(*bad_, error);
        continue;
      }
      run.numbers.push_back(i);
    }
    if (images.empty()) return {};
    run.images = rgb_of(images);
    return {run};
  }
  std::string describe() const override { return dataset_->describe(); }

 private:
  std::shared_ptr<const Dataset> dataset_;
  SharedBadFiles bad_;
};

}  // namespace

std::unique_ptr<ImageSet> images_of(std::shared_ptr<const Dataset> dataset, SharedBadFiles bad) {
  const int64_t channels = dataset->image_shape()[0];
  check_usage(channels == 1 || channels == 3, "statistics are of images of 1 or 3 channels, these have ",
              channels, ": ", dataset->describe());
  log_info("images prepared as for training, none flipped or cropped at random",
           channels == 1 ? ", grey as RGB" : "", ": ", dataset->describe());
  return std::make_unique<DatasetImages>(std::move(dataset), std::move(bad));
}

std::optional<DataKind> kind_of_data(const std::filesystem::path& folder) {
  if (holds_idx(folder)) return DataKind::kIdx;
  if (holds_cifar(folder, CifarKind::kCifar10)) return DataKind::kCifar10;
  if (holds_cifar(folder, CifarKind::kCifar100)) return DataKind::kCifar100;
  return std::nullopt;
}

std::unique_ptr<ImageSet> open_training_set(const std::filesystem::path& folder, DataKind kind,
                                            SharedBadFiles bad) {
  DataOptions options;
  options.kind = kind;
  options.path = folder.string();
  return images_of(open_data(options, {}).train, std::move(bad));
}

}  // namespace uvic

#include "core/errors.h"
#include "data/cache.h"
#include "data/cifar.h"
#include "data/dataset.h"
#include "data/folder.h"
#include "data/idx.h"
#include "data/split.h"

namespace uvic {
namespace {

/// The training images in `path`, or what that kind of set holds out.
std::shared_ptr<const Dataset> open_one(const std::string& path, const DataOptions& options,
                                        const ImageShape& shape, bool held_out) {
  if (options.kind == "idx") return open_idx(path, held_out);
  if (options.kind == "cifar10") return open_cifar(path, CifarKind::kCifar10, held_out);
  if (options.kind == "cifar100") return open_cifar(path, CifarKind::kCifar100, held_out);
  check_usage(options.kind == "folder", "data.kind: unknown value '", options.kind, "'");
  return with_cache(open_folder(path, options, shape), options, available_memory());
}

}  // namespace

void DataOptions::validate() const {
  check_usage(val_path.empty() || val_fraction == 0, "data.val_path and data.val_fraction: give one of them");
  check_usage(background.size() == 1 || background.size() == 3,
              "data.background: must be [red, green, blue] or one grey level, got ", background.size(),
              " numbers");
  check_usage(crop_box.empty() || crop_box.size() == 4,
              "data.crop_box: must be [left, top, right, bottom], got ", crop_box.size(), " numbers");
  check_usage(crop_box.empty() || (crop_box[0] < crop_box[2] && crop_box[1] < crop_box[3]),
              "data.crop_box: ", at::IntArrayRef(crop_box),
              " is empty; it must be [left, top, right, bottom]");
}

DataSets open_data(const DataOptions& options, const ImageShape& shape) {
  check_usage(!options.path.empty(), "data.path is not set; it must be the folder of the data set");
  auto dataset = open_one(options.path, options, shape, false);
  if (options.val_fraction > 0) return split(std::move(dataset), options.val_fraction);
  if (options.val_path.empty()) return {std::move(dataset), nullptr};
  auto held_out = open_one(options.val_path, options, shape, true);
  return {std::move(dataset), std::move(held_out)};
}

}  // namespace uvic

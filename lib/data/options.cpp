#include "data/options.h"

#include <c10/util/ArrayRef.h>

#include "core/errors.h"

namespace uvic {

bool is_of_files(DataKind kind) {
  return kind == DataKind::kFolder || kind == DataKind::kZip || kind == DataKind::kWebdataset ||
         kind == DataKind::kCoco;
}

std::string shape_text(const ImageShape& shape) {
  return c10::str(shape[0], "x", shape[1], "x", shape[2]);
}

void DataOptions::validate() const {
  check_usage(val_path.empty() || val_fraction == 0, "data.val_path and data.val_fraction: give one of them");
  check_usage(!captions.empty(), "data.captions: must be auto, none, beside or a file");
  check_usage(is_of_files(kind) || captions == "auto" || captions == "none", "data.captions: ", captions,
              ": data.kind: ", kind, " has no files of captions; folder, zip, webdataset and coco have");
  check_usage(background.size() == 1 || background.size() == 3,
              "data.background: must be [red, green, blue] or one grey level, got ", background.size(),
              " numbers");
  check_usage(crop_box.empty() || crop_box.size() == 4,
              "data.crop_box: must be [left, top, right, bottom], got ", crop_box.size(), " numbers");
  check_usage(crop_box.empty() || (crop_box[0] < crop_box[2] && crop_box[1] < crop_box[3]),
              "data.crop_box: ", c10::ArrayRef<int64_t>(crop_box),
              " is empty; it must be [left, top, right, bottom]");
}

}  // namespace uvic

#include "tasks/diffusion/check_data.h"

#include <algorithm>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"

namespace uvic {
namespace {

using Counts = std::vector<int64_t>;
using Names = std::vector<std::string>;

/// "class 3 (cats)", "classes 0, 5, 7 and 9 more"; empty if there are none.
std::string class_list(const std::vector<size_t>& classes, const Names& names) {
  constexpr size_t kMost = 5;
  Names texts;
  for (const size_t i : classes) {
    if (texts.size() == kMost) break;
    texts.push_back(std::to_string(i) + (i < names.size() ? " (" + names[i] + ")" : ""));
  }
  const size_t more = classes.size() - texts.size();
  return (classes.size() == 1 ? "class " : "classes ") + join(texts, ", ") +
         (more > 0 ? c10::str(" and ", more, " more") : "");
}

void warn_of_classes(const Counts& counts, const Names& names, const ModelOptions& model) {
  std::vector<size_t> empty;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) empty.push_back(i);
  }
  if (!empty.empty())
    log_warning("data: no image has ", class_list(empty, names),
                empty[0] == 0 ? "; classes count from 0" : "", "; what is not trained cannot be drawn");
  const auto there = int64_t(counts.size()), classes = model.real_classes();
  const bool one = there - int64_t(empty.size()) == 1;
  if (one) log_warning("data: all images are of one class; model.num_classes=-1 trains without classes");
  if (there >= classes) return;
  log_warning("data: ", there, there == 1 ? " class" : " classes", ", but model.num_classes ",
              model.num_classes, " has rows for ", classes,
              model.null_row() >= 0 ? " and the null label" : "", ": ",
              there + 1 == classes ? "class " : c10::str("classes ", there, " to "), classes - 1,
              " will never be trained, yet sampling draws them by default; model.num_classes=",
              there + (model.null_row() >= 0 ? 1 : 0), " fits");
}

void compare_held_out(const Counts& training, const Counts& held_out, const Names& names) {
  std::vector<size_t> unknown, missing;
  for (size_t i = 0; i < std::max(training.size(), held_out.size()); ++i) {
    const int64_t trained = i < training.size() ? training[i] : 0,
                  held = i < held_out.size() ? held_out[i] : 0;
    if (trained == 0 && held > 0) unknown.push_back(i);
    if (trained > 0 && held == 0) missing.push_back(i);
  }
  check_usage(unknown.empty(), "data.val_path: its images have ", class_list(unknown, names),
              ", which no training image has");
  if (!missing.empty()) log_warning("data.val_path: no image has ", class_list(missing, names));
}

}  // namespace

void check_dataset(const Dataset& dataset, const DiffusionConfig& config, const ImageShape& pictures) {
  const auto& m = config.model;
  const ImageShape shape = dataset.image_shape(), seen = m.image_shape(),
                   wanted = dataset.latents() ? seen : pictures;
  const std::string decoded =
      wanted == seen ? "" : " and latents.vae makes those of pictures " + shape_text(wanted);
  check_usage(shape == wanted, "data: ", dataset.latents() ? "latents" : "images", " are ", shape_text(shape),
              " but model.in_chans x model.img_size is ", shape_text(seen), decoded);
  const int64_t classes = m.real_classes();
  check_usage(!m.conditional() || dataset.num_classes() > 0, "data: model.num_classes is ", m.num_classes,
              " but the images have no classes: ", dataset.describe(),
              ". Set model.num_classes=-1 for an unconditional model");
  check_usage(!m.conditional() || dataset.num_classes() <= classes, "data: labels go up to ",
              dataset.num_classes() - 1, " but model.num_classes ", m.num_classes, " leaves classes 0 to ",
              classes - 1, m.null_row() >= 0 ? " (the last row is the null label)" : "",
              "; model.num_classes=", dataset.num_classes() + (m.null_row() >= 0 ? 1 : 0), " fits");
}

void check_data(const DataSets& data, const DiffusionConfig& config, const ImageShape& pictures) {
  check_dataset(*data.train, config, pictures);
  if (data.validation) check_dataset(*data.validation, config, pictures);
  if (!config.model.conditional()) return;
  const auto counts = images_per_class(*data.train);
  warn_of_classes(counts, data.train->class_names(), config.model);
  // A share that is held out at random may lack a class, or have all of one.
  if (!config.data.val_path.empty())
    compare_held_out(counts, images_per_class(*data.validation), data.train->class_names());
}

}  // namespace uvic

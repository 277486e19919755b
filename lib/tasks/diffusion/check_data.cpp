#include "tasks/diffusion/check_data.h"

#include "core/errors.h"

namespace uvic {

void check_dataset(const Dataset& dataset, const DiffusionConfig& config) {
  const auto [C, H, W] = dataset.image_shape();
  const auto& m = config.model;
  check_usage(C == m.in_chans && H == m.height() && W == m.width(), "data: images are ", C, "x", H, "x", W,
              " but model.in_chans x model.img_size is ", m.in_chans, "x", m.height(), "x", m.width());
  check_usage(!m.has_context(), "model.num_clip_token: ", m.num_clip_token,
              " context tokens, but data of kind ", config.data.kind,
              " has no contexts; train such a model on latents that come with them, or set 0");
  const int64_t classes = m.real_classes();
  check_usage(!m.conditional() || dataset.num_classes() > 0, "data: model.num_classes is ", m.num_classes,
              " but the images have no classes: ", dataset.describe(),
              ". Set model.num_classes=-1 for an unconditional model");
  check_usage(!m.conditional() || dataset.num_classes() <= classes, "data: labels go up to ",
              dataset.num_classes() - 1, " but model.num_classes ", m.num_classes, " leaves classes 0 to ",
              classes - 1, m.null_row() >= 0 ? " (the last row is the null label)" : "");
}

void check_data(const DataSets& data, const DiffusionConfig& config) {
  check_dataset(*data.train, config);
  if (data.validation) check_dataset(*data.validation, config);
}

}  // namespace uvic

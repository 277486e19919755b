#include "tasks/diffusion/shared_features.h"

#include <ATen/ATen.h>

#include <cstring>

namespace uvic {
namespace {

using State = FeatureCollector::State;

std::string bytes_of(const at::Tensor& tensor) {
  if (!tensor.defined()) return "";
  const at::Tensor values = tensor.contiguous();
  return {static_cast<const char*>(values.const_data_ptr()), values.nbytes()};
}

// Of rows of `width` values, or of one row if that is 0.
at::Tensor tensor_of(const std::string& bytes, at::ScalarType type, int64_t width) {
  if (bytes.empty()) return {};
  at::Tensor tensor = at::empty({int64_t(bytes.size() / elementSize(type))}, type);
  std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
  return width > 0 ? tensor.view({-1, width}) : tensor;
}

int64_t width_of(const at::Tensor& rows) {
  return rows.defined() ? rows.size(1) : 0;
}

}  // namespace

int64_t collect_of_all(const World& world, FeatureCollector& collector, int64_t left_out) {
  if (world.alone()) return left_out;
  const State mine = collector.state();
  const auto pooled = world.texts_for_first(bytes_of(mine.pooled)),
             spatial = world.texts_for_first(bytes_of(mine.spatial)),
             rows = world.texts_for_first(bytes_of(mine.rows)),
             widths = world.texts_for_first(std::to_string(width_of(mine.rows))),
             classes = world.texts_for_first(bytes_of(mine.probabilities)),
             class_counts = world.texts_for_first(std::to_string(width_of(mine.probabilities))),
             left = world.texts_for_first(std::to_string(left_out));
  int64_t all_left = left_out;
  for (size_t r = 1; r < pooled.size(); ++r) {
    collector.merge({.pooled = tensor_of(pooled[r], at::kDouble, 0),
                     .spatial = tensor_of(spatial[r], at::kDouble, 0),
                     .rows = tensor_of(rows[r], at::kFloat, std::stoll(widths[r])),
                     .probabilities = tensor_of(classes[r], at::kFloat, std::stoll(class_counts[r]))});
    all_left += std::stoll(left[r]);
  }
  return all_left;
}

}  // namespace uvic

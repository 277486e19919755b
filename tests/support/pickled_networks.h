// U-ViTs of a few numbers inside .pth files of any shape, as people save them.
#pragma once
#include "io/pth_files.h"
#include "nn/parameter_shapes.h"

namespace uvic::testing {

inline ModelOptions tiny_model() {
  ModelOptions options;
  options.img_size = {8};
  options.embed_dim = 16;
  options.depth = 2;
  options.num_heads = 2;
  options.num_classes = 5;
  return options;
}

/// Pickles networks, each filled with a number of its own, and collects their storages.
class PickledNetworks {
 public:
  /// {prefix + name: tensor, ...}.
  std::string dict(float value, const std::string& prefix = "",
                   std::vector<std::pair<std::string, std::string>> others = {}) {
    for (const auto& [name, shape] : parameter_shapes(tiny_model()))
      others.emplace_back(prefix + name, tensor(value, shape));
    return pickled_dict(others);
  }
  /// [tensor, ...] in the order of `dict`.
  std::string list(float value) {
    std::string text = "](";
    for (const auto& [name, shape] : parameter_shapes(tiny_model())) text += tensor(value, shape);
    return text + "e";
  }
  std::string tensor(float value, const std::vector<int64_t>& shape) {
    std::vector<int64_t> strides(shape.size(), 1);
    for (size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
    const int64_t count = c10::multiply_integers(shape);
    const std::string key = std::to_string(storages_.size());
    storages_[key] = float_bytes(std::vector<float>(size_t(count), value));
    return TensorText{shape, strides, count, 0, "FloatStorage", key}();
  }
  void write(const std::filesystem::path& path, const std::string& body) const {
    write_pth(path, body, storages_);
  }

 private:
  std::map<std::string, std::string> storages_;
};

}  // namespace uvic::testing

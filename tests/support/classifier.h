// The judge of Fashion-MNIST samples: a small convolutional network trained on the real images.
#pragma once
#include <ATen/ATen.h>

#include "core/random.h"
#include "io/safetensors.h"
#include "train/optimizer.h"

namespace uvic::testing {

class Classifier {
 public:
  static constexpr int64_t kFeatures = 128, kClasses = 10;

  explicit Classifier(TensorMap weights) : weights_(std::move(weights)) {
    for (auto& [name, tensor] : weights_) tensor = tensor.to(at::kFloat);
  }
  /// He's initialisation.
  static Classifier fresh(uint64_t seed) {
    at::manual_seed(seed);
    TensorMap weights;
    const auto layer = [&](const std::string& name, at::IntArrayRef shape) {
      const double fan_in = double(c10::multiply_integers(shape.slice(1)));
      weights[name + ".weight"] = at::randn(shape) * std::sqrt(2 / fan_in);
      weights[name + ".bias"] = at::zeros({shape[0]});
    };
    layer("conv1", {16, 1, 3, 3});
    layer("conv2", {32, 16, 3, 3});
    layer("conv3", {64, 32, 3, 3});
    layer("hidden", {kFeatures, 64 * 3 * 3});
    layer("classes", {kClasses, kFeatures});
    return Classifier(std::move(weights));
  }

  /// `images`: uint8 [B, 1, 28, 28]. Returns [B, 128], after the rectifier.
  at::Tensor features(const at::Tensor& images) const {
    at::Tensor x = images.to(at::kFloat) / 127.5 - 1;
    for (const char* name : {"conv1", "conv2", "conv3"}) {
      x = at::max_pool2d(at::relu(at::conv2d(x, weight(name), bias(name), 1, 1)), 2);
    }
    return at::relu(at::linear(x.flatten(1), weight("hidden"), bias("hidden")));
  }
  at::Tensor logits(const at::Tensor& features) const {
    return at::linear(features, weight("classes"), bias("classes"));
  }

  /// Adam, `epochs` times over uint8 [N, 1, 28, 28], mirrored at random; labels int64 [N].
  void train(const at::Tensor& images, const at::Tensor& labels, int64_t epochs) {
    constexpr int64_t kBatch = 128;
    std::vector<at::Tensor> parameters;
    for (auto& [name, tensor] : weights_) parameters.push_back(tensor.requires_grad_(true));
    const OptimizerOptions options{
        .lr = 2e-3, .weight_decay = 0.01, .betas = {0.9, 0.999}, .warmup_steps = 0, .schedule = "cosine"};
    AdamW optimizer(parameters, options);
    const int64_t per_epoch = images.size(0) / kBatch;
    for (int64_t epoch = 0; epoch < epochs; ++epoch) {
      const at::Tensor order = at::tensor(permutation(1, uint64_t(epoch), images.size(0)), at::kLong);
      for (int64_t i = 0; i < per_epoch; ++i) {
        const at::Tensor index = order.narrow(0, i * kBatch, kBatch);
        at::Tensor batch = images.index_select(0, index);
        batch = at::where(at::rand({kBatch, 1, 1, 1}) < 0.5, batch, batch.flip(-1));
        zero_grad(parameters);
        at::cross_entropy_loss(logits(features(batch)), labels.index_select(0, index)).backward();
        optimizer.step(learning_rate(options, epoch * per_epoch + i, epochs * per_epoch));
      }
    }
    for (auto& [name, tensor] : weights_) tensor = tensor.detach();
  }

  const TensorMap& weights() const { return weights_; }

 private:
  at::Tensor weight(const std::string& layer) const { return weights_.at(layer + ".weight"); }
  at::Tensor bias(const std::string& layer) const { return weights_.at(layer + ".bias"); }
  TensorMap weights_;
};

}  // namespace uvic::testing

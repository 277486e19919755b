#include "metrics/feature_extractor.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "core/dtype.h"
#include "core/errors.h"
#include "io/digests.h"
#include "metrics/script_module.h"

namespace uvic {

struct FeatureExtractor::Network {
  torch::jit::Module module;
  bool has_argument(const std::string& name) const {
    const auto& arguments = module.get_method("forward").function().getSchema().arguments();
    return std::any_of(arguments.begin(), arguments.end(),
                       [&](const c10::Argument& argument) { return argument.name() == name; });
  }
  c10::IValue call(const at::Tensor& images, const char* flag) {
    torch::jit::Kwargs arguments;
    if (flag != nullptr && has_argument(flag)) arguments.emplace(flag, true);
    return module.get_method("forward")({images}, arguments);
  }
};

namespace {

at::Tensor as_rows(const at::Tensor& output, int64_t n, const std::string& name) {
  check_usage(output.dim() >= 2 && output.size(0) == n && output.is_floating_point(), name, ": gave ",
              dtype_name(output.scalar_type()), " ", output.sizes(), " for ", n,
              " images; features must be [n, D]");
  return output.flatten(1).to(at::kCPU, at::kFloat);
}

}  // namespace

FeatureExtractor::FeatureExtractor(const std::filesystem::path& path, c10::Device device)
    : name_(path.string()),
      sha256_(file_digests(path).sha256),
      device_(device),
      network_(std::make_unique<Network>(Network{load_script(path, device)})) {}

FeatureExtractor::~FeatureExtractor() = default;

std::string FeatureExtractor::why_no_probabilities() const {
  if (network_->has_argument("return_features")) return "";
  return name_ +
         " gives only features: its `forward` has no argument `return_features`, without which it would "
         "return "
         "class probabilities";
}

Features FeatureExtractor::run(const at::Tensor& images, bool probabilities) {
  const at::Tensor input = images.to(device_);
  const int64_t n = images.size(0);
  const c10::IValue output = network_->call(input, "return_features");
  Features features;
  if (output.isTensor()) {
    features.pooled = as_rows(output.toTensor(), n, name_);
  } else {
    const bool pair = output.isTuple() && output.toTupleRef().size() == 2 &&
                      output.toTupleRef().elements()[0].isTensor() &&
                      output.toTupleRef().elements()[1].isTensor();
    check_usage(pair, name_, ": must return a tensor of features, or a tuple (features, spatial features)");
    features.pooled = as_rows(output.toTupleRef().elements()[0].toTensor(), n, name_);
    features.spatial = as_rows(output.toTupleRef().elements()[1].toTensor(), n, name_);
  }
  if (probabilities) features.probabilities = class_probabilities(input, features.pooled);
  return features;
}

// The network returns either features or probabilities, so both would take two passes. But probabilities are
// softmax(W features) with W among its weights: the first batch tells whether that is so, and which.
at::Tensor FeatureExtractor::class_probabilities(const at::Tensor& images, const at::Tensor& features) {
  if (head_.defined()) return features.matmul(head_.t()).softmax(1);
  at::Tensor p = as_rows(network_->call(images, "no_output_bias").toTensor(), images.size(0), name_);
  const at::Tensor sums = p.sum(1);
  const bool normalised = p.min().item<float>() >= 0 && at::allclose(sums, at::ones_like(sums), 1e-3, 1e-3);
  if (!normalised) p = p.softmax(1);  // logits
  if (!std::exchange(looked_for_head_, true)) {
    for (const at::Tensor& weight : network_->module.parameters()) {
      if (weight.sizes() != at::IntArrayRef({p.size(1), features.size(1)})) continue;
      const at::Tensor W = weight.detach().to(at::kCPU, at::kFloat);
      if (at::allclose(features.matmul(W.t()).softmax(1), p, 1e-4, 1e-6)) head_ = W;
    }
  }
  return p;
}

Features FeatureExtractor::operator()(const at::Tensor& images, bool probabilities) {
  const at::NoGradGuard no_grad;
  TORCH_CHECK(images.dim() == 4 && images.scalar_type() == at::kByte && images.size(1) == 3,
              "images must be uint8 [n, 3, H, W], got ", dtype_name(images.scalar_type()), " ",
              images.sizes());
  TORCH_CHECK(!probabilities || why_no_probabilities().empty(), why_no_probabilities());
  try {
    return run(images, probabilities);
  } catch (const UsageError&) {
    throw;
  } catch (const c10::OutOfMemoryError&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {  // c10::Error, or the interpreter's own
    usage_error(name_, ": cannot take images of ", images.size(2), "x", images.size(3), ": ",
                script_error(error));
  }
}

FeatureSizes FeatureExtractor::probe(int64_t height, int64_t width) {
  const Features features = (*this)(at::zeros({1, 3, height, width}, at::kByte), false);
  return {features.pooled.size(1), features.spatial.defined() ? features.spatial.size(1) : 0};
}

}  // namespace uvic

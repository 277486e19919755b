// Weights + seeds + labels -> images: the one driver behind sampling, dumps and training grids.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "diffusion/denoiser.h"
#include "diffusion/options.h"
#include "nn/uvit.h"
#include "sampling/options.h"
#include "sampling/plan.h"

namespace uvic {

/// A UViT as diffusion's callable: no gradient, evaluation in `precision`. The model must outlive it.
Network inference_network(UViT& model, const std::string& precision, c10::Device device);

/// What to make: one image a seed. `labels` is as long as `seeds`, or empty for an unconditional model.
struct SampleRequest {
  std::vector<int64_t> seeds, labels;
  /// float32 [seeds, num_clip_token, clip_dim] for a model with context tokens, else undefined.
  at::Tensor context = {};
};

class Sampler {
 public:
  /// A batch of finished images: float32 [n, C, H, W] on the CPU, for seeds[first] .. seeds[first + n - 1].
  using OnImages = std::function<void(size_t first, const at::Tensor& images)>;
  /// After each solver step of a batch: its number from 1 and the state [n, C, H, W]. May throw to stop.
  using OnStep = std::function<void(size_t first, int64_t step, const at::Tensor& x)>;

  /// `null_label`: the row of label_emb that guidance subtracts; -1 if the model has none (then cfg must be
  /// 1, or there must be a `guide`: the network that autoguidance subtracts, see Guidance).
  Sampler(Network network, std::array<int64_t, 3> image_shape, int64_t null_label,
          const DiffusionOptions& diffusion, const SampleOptions& options, c10::Device device = c10::kCPU,
          Network guide = {});
  /// The usual case: a UViT with its own shape and null label.
  Sampler(UViT& model, const DiffusionOptions& diffusion, const SampleOptions& options,
          c10::Device device = c10::kCPU, Network guide = {});

  /// Image s starts from `randn({C, H, W})` of a generator seeded with s and draws its step noise from the
  /// same generator. Every network call has exactly `batch_size` images (the last batch is padded), so that
  /// an image's bytes do not depend on what else was asked for.
  void run(const SampleRequest& request, const OnImages& on_images, const OnStep& on_step = {}) const;
  /// All images at once, in request order: float32 [n, C, H, W].
  at::Tensor sample(const SampleRequest& request) const;

  /// What the options came to.
  const SamplingPlan& plan() const { return plan_; }

 private:
  at::Tensor run_batch(std::vector<int64_t> seeds, const Condition& condition,
                       const StepCallback& on_step) const;
  std::array<int64_t, 3> shape_;
  SamplingPlan plan_;
  DenoiserParts parts_;
  c10::Device device_;
};

}  // namespace uvic

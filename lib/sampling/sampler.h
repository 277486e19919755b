// Weights + seeds + conditions -> images: the one driver behind sampling, dumps and training grids.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <array>
#include <functional>
#include <memory>
#include <vector>

#include "core/precision.h"
#include "diffusion/denoiser.h"
#include "diffusion/options.h"
#include "recipe/plan.h"
#include "recipe/sample_options.h"
#include "sampling/start.h"

namespace uvic {

class UViT;

/// A UViT as diffusion's callable: no gradient, evaluation in `precision`. The model must outlive it, and
/// keep its weights: on the CPU they are laid out anew at the first evaluation, see nn/prepared.h. Under an
/// observer (nn/observe.h) blocks evaluate step by step. UsageError for int8 on another device, or under an
/// observer.
Network inference_network(UViT& model, InferencePrecision precision, c10::Device device);

/// Images between two others: image i lies at shares[i], 0 to 1, of the way from what a request says of it to
/// what this says. Noise goes along an arc (slerp), every draw of it; classes and contexts in a straight line
/// between their embeddings, as latent walks do. Both ends are the very images of their seeds.
struct Towards {
  std::vector<double> shares = {};  ///< one an image; empty: there are no others
  std::vector<int64_t> seeds = {}, labels = {};
  at::Tensor context = {};

  bool empty() const { return shares.empty(); }
};

/// What to make: one image a seed. `labels` is as long as `seeds`, or empty for an unconditional model.
struct SampleRequest {
  std::vector<int64_t> seeds, labels;
  /// For a model with context tokens, else undefined: float32 [seeds, num_clip_token, clip_dim], or what
  /// Generator::encode_context takes.
  at::Tensor context = {};
  Towards towards = {};
  Start start = {};  ///< of every image
};

/// From the solver's last state, [n, C, H, W], to images: what an autoencoder does to latents.
using Decode = std::function<at::Tensor(const at::Tensor& state)>;

/// What is sampled from.
struct Generator {
  Network network;
  std::array<int64_t, 3> shape{};  ///< {C, H, W} of the state
  Condition null = {};             ///< of one image, see Guidance; empty: the network knows none
  Network guide = {};              ///< the network that autoguidance subtracts, see Guidance
  Decode decode = {};              ///< none: the state is the image
  /// What makes a context of, say, token ids, once a batch and not at each evaluation; none: it is one
  /// already.
  std::function<at::Tensor(const at::Tensor& context)> encode_context = {};
  int64_t label_rows = 0;  ///< how many labels the network knows, the null label included
};
/// A UViT with its own shape, null label and text encoder, on its device.
Generator generator_of(UViT& model, InferencePrecision precision, c10::Device device);

class Sampler {
 public:
  /// A batch of finished images: float32 [n, C, H, W] on the CPU, for seeds[first] .. seeds[first + n - 1].
  using OnImages = std::function<void(size_t first, const at::Tensor& images)>;
  /// After each solver step of a batch: its number from 1 and the state [n, C, H, W]. May throw to stop.
  using OnStep = std::function<void(size_t first, int64_t step, const at::Tensor& x)>;

  /// UsageError where sample.cfg asks for guidance and there is neither a null condition nor a guide.
  Sampler(Generator generator, const DiffusionOptions& diffusion, const SampleOptions& options,
          c10::Device device = c10::kCPU);
  Sampler(UViT& model, const DiffusionOptions& diffusion, const SampleOptions& options,
          c10::Device device = c10::kCPU);

  /// Image s starts from `randn({C, H, W})` of a generator seeded with s and draws its step noise from the
  /// same generator. Every network call has exactly `batch_size` images (the last batch is padded), so that
  /// an image's bytes do not depend on what else was asked for.
  void run(const SampleRequest& request, const OnImages& on_images, const OnStep& on_step = {}) const;
  /// All images at once, in request order: float32 [n, C, H, W].
  at::Tensor sample(const SampleRequest& request) const;

  /// The image of a solver state [n, C, H, W].
  at::Tensor decoded(const at::Tensor& state) const { return decode_ ? decode_(state) : state; }

  /// What the options came to.
  const SamplingPlan& plan() const { return plan_; }

 private:
  struct Batch;
  at::Tensor run_batch(const Batch& batch, const SampleRequest& request, const StepCallback& on_step) const;
  at::Tensor denoised(const Start& start, const at::Tensor& noise, const Denoiser& denoise, SolverRun run,
                      const NoiseSource& beside) const;
  Condition condition_of(const Batch& batch) const;
  at::Tensor encoded(const at::Tensor& context) const;
  std::array<int64_t, 3> shape_;
  SamplingPlan plan_;
  DenoiserParts parts_;
  Decode decode_;
  std::function<at::Tensor(const at::Tensor&)> encode_context_;
  int64_t label_rows_;
  c10::Device device_;
};

}  // namespace uvic

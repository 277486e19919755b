#include "sampling/sampler.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

#include "core/errors.h"
#include "core/seeds.h"
#include "nn/autocast.h"
#include "nn/uvit.h"

namespace uvic {
namespace {

using at::Tensor;

// One generator an image; each draw is a stack of one randn({C, H, W}) per image.
class ImageNoise {
 public:
  ImageNoise(const std::vector<int64_t>& seeds, std::array<int64_t, 3> shape, c10::Device device)
      : shape_(shape), device_(device) {
    for (const int64_t seed : seeds) generators_.push_back(image_generator(seed));
  }
  Tensor draw() {
    std::vector<Tensor> noises;
    for (const auto& generator : generators_) noises.push_back(at::randn(shape_, generator, at::kFloat));
    return at::stack(noises).to(device_);
  }

 private:
  std::array<int64_t, 3> shape_;
  c10::Device device_;
  std::vector<at::Generator> generators_;
};

Condition null_condition(const ModelOptions& model, c10::Device device) {
  const auto options = at::TensorOptions(device).dtype(at::kLong);
  return {model.null_row() < 0 ? Tensor() : at::full({1}, model.null_row(), options), {}};
}

}  // namespace

Network inference_network(UViT& model, Precision precision, c10::Device device) {
  const auto autocast = AutocastState::for_precision(precision, device);
  return [&model, autocast](const Tensor& x, const Tensor& timesteps, const Condition& condition) {
    const at::NoGradGuard no_grad;
    const AutocastScope scope(autocast);
    return model.forward(x, timesteps, condition.labels, condition.context);
  };
}

Generator generator_of(UViT& model, Precision precision, c10::Device device) {
  const ModelOptions& options = model.options();
  Generator generator = {.network = inference_network(model, precision, device),
                         .shape = options.image_shape(),
                         .null = null_condition(options, device)};
  if (options.learns_text()) {
    const auto autocast = AutocastState::for_precision(precision, device);
    generator.encode_context = [&model, autocast](const Tensor& context) {
      const AutocastScope scope(autocast);
      return model.encode_context(context);
    };
  }
  return generator;
}

Sampler::Sampler(Generator generator, const DiffusionOptions& diffusion, const SampleOptions& options,
                 c10::Device device)
    : shape_(generator.shape),
      plan_(plan_sampling(options, diffusion)),
      parts_{.network = std::move(generator.network),
             .schedule = plan_.schedule,
             .prediction = PredictionType(diffusion),
             .clip_x0 = options.clip_x0,
             .guidance = {.cfg = options.cfg,
                          .null = std::move(generator.null),
                          .guide = std::move(generator.guide),
                          .interval = options.guidance_interval,
                          .rescale = options.guidance_rescale}},
      decode_(std::move(generator.decode)),
      encode_context_(std::move(generator.encode_context)),
      device_(device) {
  check_usage(
      options.cfg == 1.0 || !parts_.guidance.null.empty() || parts_.guidance.guide,
      "sample.cfg: ", options.cfg,
      " needs a model of classes with a null label, or of text (trained with diffusion.p_uncond above 0), or "
      "a guide; use 1");
  Tensor& null = parts_.guidance.null.context;
  if (options.cfg != 1.0) null = encoded(null);
}

Sampler::Sampler(UViT& model, const DiffusionOptions& diffusion, const SampleOptions& options,
                 c10::Device device)
    : Sampler(generator_of(model, options.precision, device), diffusion, options, device) {}

Tensor Sampler::encoded(const Tensor& context) const {
  const at::NoGradGuard no_grad;
  return context.defined() && encode_context_ ? encode_context_(context) : context;
}

Tensor Sampler::run_batch(std::vector<int64_t> seeds, const Condition& condition,
                          const StepCallback& on_step) const {
  const auto count = int64_t(seeds.size());
  seeds.resize(size_t(plan_.options.batch_size), seeds.back());
  const Tensor rows = at::arange(plan_.options.batch_size).clamp_max(count - 1);
  const auto padded = [&](const Tensor& x) {
    return x.defined() ? x.to(at::kCPU).index_select(0, rows).to(device_) : x;
  };
  ImageNoise noise(seeds, shape_, device_);
  const Tensor first = noise.draw();
  const double scale = plan_.schedule->prior_scale();
  const SolverRun run{
      .schedule = *plan_.schedule,
      .times = plan_.times,
      .steps = plan_.options.steps,
      .noise = [&] { return noise.draw(); },
      .on_step =
          [&](int64_t step, Tensor& state) {
            Tensor shown = state.slice(0, 0, count);
            on_step(step, shown);
          },
      .eta = plan_.eta,
      .s_churn = plan_.options.s_churn,
      .s_tmin = plan_.options.s_tmin,
      .s_tmax = plan_.options.s_tmax,
      .s_noise = plan_.options.s_noise,
  };
  const Denoiser denoise =
      make_denoiser(parts_, {padded(condition.labels), encoded(padded(condition.context))});
  const Tensor state = plan_.solver->sample(denoise, scale == 1.0 ? first : first * scale, run);
  return decoded(state).slice(0, 0, count).to(at::kCPU);
}

void Sampler::run(const SampleRequest& request, const OnImages& on_images, const OnStep& on_step) const {
  TORCH_CHECK(request.labels.empty() || request.labels.size() == request.seeds.size(),
              "Sampler: ", request.labels.size(), " labels for ", request.seeds.size(), " seeds");
  TORCH_CHECK(!request.context.defined() || request.context.size(0) == int64_t(request.seeds.size()),
              "Sampler: not as many contexts as the ", request.seeds.size(), " seeds");
  const at::NoGradGuard no_grad;
  const Condition all = {request.labels.empty() ? Tensor() : at::tensor(request.labels, at::kLong),
                         request.context};
  const size_t total = request.seeds.size(), batch = size_t(plan_.options.batch_size);
  for (size_t first = 0; first < total; first += batch) {
    const size_t last = std::min(first + batch, total);
    const std::vector<int64_t> seeds(request.seeds.begin() + long(first), request.seeds.begin() + long(last));
    const auto step = [&](int64_t number, const Tensor& x) {
      if (on_step) on_step(first, number, x);
    };
    on_images(first, run_batch(seeds, all.part(int64_t(first), int64_t(last - first)), step));
  }
}

Tensor Sampler::sample(const SampleRequest& request) const {
  std::vector<Tensor> parts;
  run(request, [&](size_t, const Tensor& images) { parts.push_back(images); });
  return parts.empty() ? at::empty({0, shape_[0], shape_[1], shape_[2]}) : at::cat(parts);
}

}  // namespace uvic

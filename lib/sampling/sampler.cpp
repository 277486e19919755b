#include "sampling/sampler.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <optional>

#include "core/errors.h"
#include "nn/autocast.h"
#include "nn/observe.h"
#include "nn/prepared.h"
#include "nn/uvit.h"
#include "sampling/image_noise.h"
#include "sampling/repaint.h"
#include "sampling/replayed.h"

namespace uvic {
namespace {

using at::Tensor;

Condition null_condition(const ModelOptions& model, c10::Device device) {
  const auto options = at::TensorOptions(device).dtype(at::kLong);
  return {model.null_row() < 0 ? Tensor() : at::full({1}, model.null_row(), options), {}};
}

}  // namespace

Network inference_network(UViT& model, InferencePrecision precision, c10::Device device) {
  const bool int8 = precision == InferencePrecision::kInt8;
  check_usage(!int8 || device.is_cpu(), "sample.precision: int8 is for the CPU; on ", device.str(),
              " use bf16 or fp32");
  const auto autocast = AutocastState::for_precision(without_int8(precision), device);
  const auto weights = device.is_cpu() ? std::make_shared<PreparedWeights>(precision) : nullptr;
  return [&model, autocast, weights, int8](const Tensor& x, const Tensor& timesteps,
                                           const Condition& condition) {
    const at::NoGradGuard no_grad;
    const bool prepared = weights && network_observer() == nullptr;
    check_usage(prepared || !int8, "sample.precision: int8 cannot be looked into; use bf16 or fp32");
    const PreparedScope layers(prepared ? weights.get() : nullptr);
    std::optional<AutocastScope> scope;
    if (!prepared) scope.emplace(autocast);
    return model.forward(x, timesteps, condition.labels, condition.context);
  };
}

Generator generator_of(UViT& model, InferencePrecision precision, c10::Device device) {
  const ModelOptions& options = model.options();
  Generator generator = {.network = inference_network(model, precision, device),
                         .shape = options.image_shape(),
                         .null = null_condition(options, device),
                         .label_rows = options.num_classes};
  if (options.learns_text()) {
    const auto autocast = AutocastState::for_precision(without_int8(precision), device);
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
      parts_{.network = replayed(std::move(generator.network), device),
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
      label_rows_(generator.label_rows),
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

// Images of one call of the network: those of a request, and of what it goes towards.
struct Sampler::Batch {
  std::vector<int64_t> seeds, towards_seeds;
  Condition condition, towards;
  std::vector<double> shares;
  int64_t count = 0;  // the rest is padding

  // The last image again and again, so that every call has `size`.
  void pad(int64_t size, c10::Device device) {
    count = int64_t(seeds.size());
    const Tensor rows = at::arange(size).clamp_max(count - 1);
    const auto padded = [&](const Tensor& x) {
      return x.defined() ? x.to(at::kCPU).index_select(0, rows).to(device) : x;
    };
    for (std::vector<int64_t>* list : {&seeds, &towards_seeds}) {
      if (!list->empty()) list->resize(size_t(size), list->back());
    }
    if (!shares.empty()) shares.resize(size_t(size), shares.back());
    for (Condition* one : {&condition, &towards}) *one = {padded(one->labels), padded(one->context)};
  }
};

Condition Sampler::condition_of(const Batch& batch) const {
  const Tensor context = encoded(batch.condition.context);
  if (batch.shares.empty()) return {batch.condition.labels, context};
  const Tensor shares = at::tensor(batch.shares, at::kFloat).to(device_);
  Condition between = {batch.condition.labels, context};
  if (between.labels.defined() && !at::equal(between.labels, batch.towards.labels)) {
    const auto rows = [&](const Tensor& labels) { return at::one_hot(labels, label_rows_).to(at::kFloat); };
    between.labels = at::lerp(rows(between.labels), rows(batch.towards.labels), shares.unsqueeze(1));
  }
  if (const Tensor other = encoded(batch.towards.context); other.defined())
    between.context = at::lerp(context, other, shares.view({-1, 1, 1}));
  return between;
}

// The state that the solver ends with.
Tensor Sampler::denoised(const Start& start, const Tensor& noise, const Denoiser& denoise, SolverRun run,
                         const NoiseSource& beside) const {
  const NoiseSchedule& schedule = *plan_.schedule;
  const double scale = schedule.prior_scale();
  Tensor x = scale == 1.0 ? noise : noise * scale;
  if (start.empty()) return plan_.solver->sample(denoise, x, run);
  const SamplingPlan plan = shortened(plan_, start.strength);
  run.times = plan.times;
  run.steps = plan.options.steps;
  run.s_churn = plan.options.s_churn;
  const Tensor state = start.state.to(device_);
  const double t = run.times.front();
  if (start.strength < 1) x = state * schedule.alpha(t) + noise * schedule.sigma(t);
  if (!start.mask.defined()) return plan_.solver->sample(denoise, x, run);
  const Tensor mask = mask_of_state(start.mask, shape_).to(device_);
  return sample_repaint(*plan_.solver, denoise, x, run, {state, mask, start.resample, start.jump, beside});
}

Tensor Sampler::run_batch(const Batch& batch, const SampleRequest& request,
                          const StepCallback& on_step) const {
  const Start& start = request.start;
  if (!start.empty() && start.strength == 0) {
    const Tensor image = decode_ ? decoded(start.state.unsqueeze(0).to(device_)) : start.picture.unsqueeze(0);
    return composed(start, image.expand({batch.count, -1, -1, -1})).to(at::kCPU);
  }
  ImageNoise noise = batch.shares.empty()
                         ? ImageNoise(batch.seeds, shape_, device_)
                         : ImageNoise(batch.seeds, batch.towards_seeds, batch.shares, shape_, device_);
  const Tensor first = noise.draw();
  const SolverRun run{
      .schedule = *plan_.schedule,
      .times = plan_.times,
      .steps = plan_.options.steps,
      .noise = [&] { return noise.draw(); },
      .on_step =
          [&](int64_t step, Tensor& state) {
            Tensor shown = state.slice(0, 0, batch.count);
            on_step(step, shown);
          },
      .eta = plan_.eta,
      .s_churn = plan_.options.s_churn,
      .s_tmin = plan_.options.s_tmin,
      .s_tmax = plan_.options.s_tmax,
      .s_noise = plan_.options.s_noise,
  };
  const Denoiser denoise = make_denoiser(parts_, condition_of(batch));
  const Tensor state = denoised(start, first, denoise, run, [&] { return noise.draw_beside(); });
  return composed(start, decoded(state).slice(0, 0, batch.count)).to(at::kCPU);
}

void Sampler::run(const SampleRequest& request, const OnImages& on_images, const OnStep& on_step) const {
  const size_t total = request.seeds.size(), size = size_t(plan_.options.batch_size);
  const Towards& towards = request.towards;
  const auto fits = [&](const std::vector<int64_t>& labels, const Tensor& context) {
    return (labels.empty() || labels.size() == total) &&
           (!context.defined() || context.size(0) == int64_t(total));
  };
  TORCH_CHECK(request.labels.empty() || request.labels.size() == total, "Sampler: ", request.labels.size(),
              " labels for ", total, " seeds");
  TORCH_CHECK(fits({}, request.context), "Sampler: not as many contexts as the ", total, " seeds");
  TORCH_CHECK(towards.empty() || (towards.shares.size() == total && towards.seeds.size() == total &&
                                  towards.labels.size() == request.labels.size() &&
                                  towards.context.defined() == request.context.defined() &&
                                  fits(towards.labels, towards.context)),
              "Sampler: not as much to go towards as there are seeds");
  check_usage(request.start.strength >= 0 && request.start.strength <= 1, "--strength: must be 0 to 1");
  plan_with(plan_, request.start);  // says what is not possible
  const at::NoGradGuard no_grad;
  const auto conditions = [](const std::vector<int64_t>& labels, const Tensor& context) -> Condition {
    return {labels.empty() ? Tensor() : at::tensor(labels, at::kLong), context};
  };
  const Condition all = conditions(request.labels, request.context),
                  ends = conditions(towards.labels, towards.context);
  for (size_t first = 0; first < total; first += size) {
    const size_t last = std::min(first + size, total);
    const auto part = [&](const auto& list) {
      return list.empty()
                 ? list
                 : std::decay_t<decltype(list)>(list.begin() + long(first), list.begin() + long(last));
    };
    Batch batch{.seeds = part(request.seeds),
                .towards_seeds = part(towards.seeds),
                .condition = all.part(int64_t(first), int64_t(last - first)),
                .towards = ends.part(int64_t(first), int64_t(last - first)),
                .shares = part(towards.shares)};
    batch.pad(plan_.options.batch_size, device_);
    const auto step = [&](int64_t number, const Tensor& x) {
      if (on_step) on_step(first, number, x);
    };
    on_images(first, run_batch(batch, request, step));
  }
}

Tensor Sampler::sample(const SampleRequest& request) const {
  std::vector<Tensor> parts;
  run(request, [&](size_t, const Tensor& images) { parts.push_back(images); });
  return parts.empty() ? at::empty({0, shape_[0], shape_[1], shape_[2]}) : at::cat(parts);
}

}  // namespace uvic

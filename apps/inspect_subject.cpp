#include "inspect_subject.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "core/errors.h"
#include "io/npy.h"
#include "prompt_options.h"
#include "recipe/layout.h"
#include "recipe/weights_file.h"

namespace uvic {
namespace {

void refuse_language_model(const std::string& path, const std::string& weights, const std::string& option) {
  if (weights.starts_with("width-")) return;  // only runs of images keep snapshots
  const auto file = open_tensor_file(find_weights_file(path, weights, option));
  check_usage(networks_of(*file, kCogformerNetwork).empty() || !networks_of(*file).empty(), option, " ", path,
              ": is a language model; `uvic-lm probe` looks at those");
}

void check_kind(const Subject& subject, const std::string& kind, const std::string& option) {
  if (kind == "all") return;
  const Choice<AttentionKind> asked(kind);
  bool found = false;
  for (int64_t block = 0; block <= subject.model().depth; ++block)
    found = found || subject.model().attention_kind(block) == asked;
  check_usage(found, option, " ", subject.loaded.file.string(), ": has no block of ", kind,
              " attention (--kind); its model.attention is ", subject.model().attention.name());
}

at::Tensor integers(const std::string& path, const char* option) {
  const at::Tensor x = load_npy(path);
  check_usage(!x.is_floating_point(), option, " ", path, ": must hold integers, not ", x.dtype().name(), "s");
  return x.to(at::kLong);
}

void check_range(const at::Tensor& ids, int64_t end, const char* option, const std::string& path) {
  if (ids.numel() == 0) return;
  const auto low = ids.min().item<int64_t>(), high = ids.max().item<int64_t>();
  check_usage(low >= 0 && high < end, option, " ", path, ": ", low < 0 ? low : high, " is none of 0 to ",
              end - 1);
}

}  // namespace

std::unique_ptr<Subject> open_subject(const std::string& path, const InspectOptions& options,
                                      c10::Device device, const std::string& option) {
  refuse_language_model(path, options.weights, option);
  DiffusionConfig config;
  Overlay overlay = options.config.overlay();
  overlay.apply = [&](RecipeFile& file) {
    config = {};
    load_yaml(fields_of(config), file.to_yaml(), path);
    options.config.apply_to(fields_of(config));
    file.recipe = config;
  };
  LoadedModel loaded = find_model(path, options.weights, overlay, option);
  require_configuration(loaded);
  static_cast<Recipe&>(config) = loaded.recipe();
  config.data.resolve();
  auto subject = std::make_unique<Subject>(Subject{std::move(loaded), config, device, {}});
  check_kind(*subject, options.kind, option);
  if (options.config.print_config) return subject;
  load_weights_of(subject->loaded, device);
  subject->network =
      inference_network(*subject->loaded.model, subject->loaded.recipe().sample.precision, device);
  return subject;
}

std::unique_ptr<RealImages> images_of(Subject& subject, const DataOptions& data,
                                      const InspectOptions& options) {
  check_usage(
      !data.path.empty(), subject.loaded.file.string(),
      ": does not say what images it was trained on; give --data D and --set data.kind=K, or --over samples");
  DiffusionConfig config = subject.config;
  config.data = data;
  subject.stages = stages_of(subject.loaded, subject.device);
  return std::make_unique<RealImages>(config, *subject.stages, subject.device, options.num,
                                      uint64_t(options.seed));
}

std::vector<double> times_of(const Subject& subject, const InspectOptions& options) {
  const auto schedule = make_schedule(subject.config.diffusion);
  if (options.times.empty()) {
    std::vector<double> times;
    for (const double share : {0.1, 0.3, 0.5, 0.7, 0.9}) times.push_back(schedule->time_at(share));
    return times;
  }
  std::vector<double> times = options.times;
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  check_usage(times.front() > 0 && times.back() <= schedule->max_time(),
              "--times: must be above 0 and at most ", schedule->max_time(), ", as the schedule's");
  return times;
}

InputSet read_inputs(const Subject& subject, const InspectOptions& options) {
  const ModelOptions& model = subject.model();
  const auto [C, H, W] = model.image_shape();
  const at::Tensor x = load_npy(options.inputs).to(at::kFloat),
                   t = load_npy(options.timesteps).to(at::kFloat);
  const int64_t B = x.dim() == 4 ? x.size(0) : 0;
  check_usage(B > 0 && x.sizes() == at::IntArrayRef({B, C, H, W}), "--inputs ", options.inputs,
              ": must be [B, ", C, ", ", H, ", ", W, "] with B above 0, got ", x.sizes());
  check_usage(t.sizes() == at::IntArrayRef({B}), "--timesteps ", options.timesteps, ": must be [", B,
              "], got ", t.sizes());
  Condition condition;
  check_usage(options.labels.empty() != model.conditional(), "--labels: ",
              model.conditional() ? "this model knows classes; give theirs" : "this model knows no classes");
  check_usage(options.context.empty() != model.has_context(), "--context: ",
              model.has_context() ? "this model reads text; give its tokens" : "this model reads no text");
  if (model.conditional()) {
    condition.labels = integers(options.labels, "--labels");
    check_usage(condition.labels.sizes() == at::IntArrayRef({B}), "--labels ", options.labels, ": must be [",
                B, "], got ", condition.labels.sizes());
    check_range(condition.labels, model.num_classes, "--labels", options.labels);
  }
  if (model.has_context()) {
    at::Tensor tokens = load_npy(options.context);
    const bool ids = model.learns_text() && tokens.dim() == 2;
    if (ids) {
      tokens = integers(options.context, "--context");
      check_range(tokens, model.text_vocab, "--context", options.context);
    }
    const std::vector<int64_t> states = {B, model.num_clip_token, model.clip_dim},
                               row = {B, model.num_clip_token};
    check_usage(tokens.sizes() == at::IntArrayRef(ids ? row : states), "--context ", options.context,
                ": must be ", at::IntArrayRef(states), model.learns_text() ? " or token ids " : "",
                model.learns_text() ? c10::str(at::IntArrayRef(row)) : "", ", got ", tokens.sizes());
    condition.context = ids ? tokens : tokens.to(at::kFloat);
  }
  const auto moved = [&](const at::Tensor& y) { return y.defined() ? y.to(subject.device) : y; };
  return given_inputs(model, moved(x), moved(t), {moved(condition.labels), moved(condition.context)});
}

}  // namespace uvic

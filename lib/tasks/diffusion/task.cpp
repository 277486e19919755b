#include "tasks/diffusion/task.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <utility>

#include "core/errors.h"
#include "core/log.h"
#include "core/text.h"
#include "data/open.h"
#include "nn/parameter_shapes.h"
#include "nn/uvit.h"
#include "recipe/class_names.h"
#include "recipe/layout.h"
#include "recipe/weights_file.h"
#include "tasks/diffusion/check_data.h"
#include "tasks/diffusion/describe.h"
#include "tasks/diffusion/preview.h"

namespace uvic {
namespace {

void take_initial_weights(UViT& model, const ModelOptions& other, uint64_t seed) {
  if (parameter_shapes(model.options()) == parameter_shapes(other)) return;  // they are the same
  at::manual_seed(seed);
  const auto theirs = named_weights(UViT(other));
  const at::NoGradGuard no_grad;
  for (auto [name, weight] : named_weights(model)) {
    const auto same = theirs.find(name);
    if (same != theirs.end() && same->second.sizes() == weight.sizes()) weight.copy_(same->second);
  }
}

}  // namespace

DiffusionTask::DiffusionTask(const DiffusionConfig& config, c10::Device device)
    : config_(config), device_(device) {}

std::string DiffusionTask::describe() const {
  return describe_run(config_, device_);
}

void DiffusionTask::open(const std::filesystem::path& memory) {
  const Stages stages = open_stages(config_, config_.train.precision, device_);
  const ImageShape pictures = picture_shape(config_, stages);
  data_ = open_data(config_.data, pictures, memory, config_.model.conditional(), config_.model.has_context());
  check_data(data_, config_, pictures);
  examples_ = std::make_unique<ExampleMaker>(config_, *data_.train, stages, device_);
  samples_ = std::make_unique<TrainingSamples>(config_, *examples_, *data_.train, device_);
  if (config_.train.batch_size > data_.train->size())
    log_warning("train.batch_size: ", config_.train.batch_size, " is more than the ", data_.train->size(),
                " images of the data, so that a step sees some of them several times");
  if (config_.train.eval_interval > 0) scorer_ = std::make_unique<FidScorer>(config_, device_);
}

std::string DiffusionTask::describe_data() const {
  std::string text = "data: " + data_.train->describe();
  if (mirrors(config_.data, *data_.train)) {
    text += "\nevery second image is mirrored left to right, at random (data.random_flip)";
  } else if (config_.data.kind == DataKind::kIdx) {
    text += "\nno image is mirrored (data.random_flip; off for idx unless it is set: digits and letters)";
  } else {
    text += "\nno image is mirrored (data.random_flip)";
  }
  if (data_.validation) text += "\nheld out: " + data_.validation->describe();
  if (config_.model.conditional() && !data_.train->class_names().empty())
    text += "\n" + describe_classes(data_.train->class_names());
  if (scorer_) text += "\n" + scorer_->describe();
  if (const std::string stages = examples_->describe(); !stages.empty()) text += "\n" + stages;
  if (!config_.makes_pictures() && config_.train.sample_interval > 0)
    text += c10::str("\nno grids of samples: ", config_.model.in_chans,
                     " channels are latents, not pictures; latents.vae decodes them");
  return text;
}

std::string DiffusionTask::data_identity() const {
  // What is split off the training images follows from them.
  const bool own = !config_.data.val_path.empty();
  const auto held_out = own ? std::optional(data_.validation->identity()) : std::nullopt;
  return to_json(data_.train->identity(), held_out);
}

std::map<std::string, std::string> DiffusionTask::weights_metadata() const {
  std::map<std::string, std::string> metadata;
  const ClassNames names = data_.train->class_names();
  if (!names.empty() && config_.model.conditional()) metadata[kClassNamesKey] = class_names_to_json(names);
  if (const std::string& text = examples_->text_identity(); !text.empty()) metadata[kTextEncoderKey] = text;
  if (examples_->space()) metadata[kLatentSpaceKey] = to_json(*examples_->space());
  return metadata;
}

std::vector<std::string> DiffusionTask::data_differences(const std::string& then) const {
  const std::string name = "the checkpoint's uvic.data";
  const auto held_out = held_out_from_json(then, name);
  if (held_out && !config_.data.val_path.empty()) {
    const auto changed = differences(*held_out, data_.validation->identity());
    if (!changed.empty())
      log_warning("the held-out images are not what they were: ", join(changed, "; "),
                  "; val_loss does not compare with earlier ones");
  }
  return differences(identity_from_json(then, name), data_.train->identity());
}

void DiffusionTask::build(uint64_t seed) {
  objective_ = std::make_unique<DiffusionObjective>(config_, device_, seed);
  if (begins_like_) take_initial_weights(*objective_->model(), *begins_like_, seed);
  if (scorer_) scorer_->use(objective_->model(), *samples_);
  if (data_.validation && config_.train.val_interval > 0)
    validation_ = std::make_unique<Validation>(*data_.validation, config_, *examples_);
}

std::shared_ptr<torch::nn::Module> DiffusionTask::module() const {
  return objective_->model();
}

void DiffusionTask::init_from(const std::filesystem::path& weights_file) {
  const WeightsFile file(weights_file, start_network_, kInitOption);
  if (const std::string note = file.note(); !note.empty()) log_info(note);
  UViT& model = *objective_->model();
  const StartWeights start = start_weights(file.read(), config_, named_weights(model), file.name());
  if (!start.note.empty()) log_info(start.note);
  if (!start.warning.empty()) log_warning(start.warning);
  load_weights(model, start.tensors, file.name());
}

StartWeights DiffusionTask::plan_start(const std::filesystem::path& weights_file,
                                       const std::string& network) {
  start_network_ = network;
  const WeightsFile file(weights_file, network, kInitOption);
  TensorMap fresh;  // in place of a network, which takes its time to be made
  for (const auto& [name, shape] : parameter_shapes(config_.model)) fresh[name] = at::zeros(shape);
  StartWeights start = start_weights(file.read(), config_, fresh, file.name());
  if (start.note.empty()) start.note = file.name() + ": all of the weights fit";
  return start;
}

void DiffusionTask::begin(const SliceSequence& slices, int64_t first_step, int64_t last_step) {
  loader_ = std::make_unique<DataLoader>(data_.train, config_.data, uint64_t(config_.train.seed), slices,
                                         first_step, last_step, examples_->caption_use());
}

std::vector<at::Tensor> DiffusionTask::inputs(const Slice& slice) {
  Batch batch = loader_->next();
  TORCH_CHECK(batch.slice == slice, "asked for a slice of step ", slice.step, " that is not the next");
  const StepInputs inputs = examples_->inputs(std::move(batch), objective_->schedule());
  times_ = inputs.t;
  return objective_->prepared(inputs);
}

void DiffusionTask::count(const at::Tensor& losses) {
  count_losses();
  uncounted_ = {times_, losses};
}

// Those of the slice before: by now its backward has waited for the device anyway.
void DiffusionTask::count_losses() {
  const auto [t, losses] = std::exchange(uncounted_, {});
  if (t.defined()) buckets_.add(objective_->schedule(), t, losses.to(at::kCPU, at::kFloat));
}

Values DiffusionTask::step_values(const World& world) {
  count_losses();
  Values values = {{"skipped_images", world.sum(double(loader_->unreadable()))}};
  for (auto& value : buckets_.take(world)) values.push_back(std::move(value));
  return values;
}

void DiffusionTask::preview(int64_t step, const TaskContext& context) {
  if (config_.makes_pictures()) write_preview(*objective_->model(), config_, *samples_, step, context);
}

void DiffusionTask::finish() {
  if (const int64_t count = loader_->unreadable(); count > 0)
    log_warning(count, " images could not be decoded and were skipped");
}

}  // namespace uvic

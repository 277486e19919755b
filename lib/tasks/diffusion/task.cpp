#include "tasks/diffusion/task.h"

#include <ATen/ATen.h>

#include <utility>

#include "core/errors.h"
#include "core/log.h"
#include "data/open.h"
#include "nn/uvit.h"
#include "recipe/fit_weights.h"
#include "tasks/diffusion/check_data.h"
#include "tasks/diffusion/describe.h"
#include "tasks/diffusion/preview.h"

namespace uvic {

DiffusionTask::DiffusionTask(const DiffusionConfig& config, c10::Device device)
    : config_(config), device_(device) {}

std::string DiffusionTask::describe() const {
  return describe_run(config_, device_);
}

void DiffusionTask::open(const std::filesystem::path& memory) {
  data_ = open_data(config_.data, config_.model.image_shape(), memory);
  check_data(data_, config_);
  if (config_.train.eval_interval > 0) scorer_ = std::make_unique<FidScorer>(config_, device_);
}

std::string DiffusionTask::describe_data() const {
  std::string text = "data: " + data_.train->describe();
  if (data_.validation) text += "\nheld out: " + data_.validation->describe();
  if (scorer_) text += "\n" + scorer_->describe();
  if (!config_.model.makes_pictures() && config_.train.sample_interval > 0)
    text +=
        c10::str("\nno grids of samples: ", config_.model.in_chans, " channels are latents, not pictures");
  return text;
}

std::string DiffusionTask::data_identity() const {
  return to_json(data_.train->identity());
}

std::vector<std::string> DiffusionTask::data_differences(const std::string& then) const {
  return differences(identity_from_json(then, "the checkpoint's uvic.data"), data_.train->identity());
}

void DiffusionTask::build(uint64_t seed) {
  objective_ = std::make_unique<DiffusionObjective>(config_, device_, seed);
  if (scorer_) scorer_->use(objective_->model());
  if (data_.validation && config_.train.val_interval > 0)
    validation_ = std::make_unique<Validation>(*data_.validation, config_, device_);
}

std::shared_ptr<torch::nn::Module> DiffusionTask::module() const {
  return objective_->model();
}

void DiffusionTask::init_from(const std::filesystem::path& weights_file) {
  load_weights_at_any_size(*objective_->model(), load_tensor_file(weights_file), weights_file.string());
}

void DiffusionTask::begin(const SliceSequence& slices, int64_t first_step, int64_t last_step) {
  loader_ = std::make_unique<DataLoader>(data_.train, config_.data, uint64_t(config_.train.seed), slices,
                                         first_step, last_step);
}

at::Tensor DiffusionTask::losses(const Slice& slice) {
  const Batch batch = loader_->next();
  TORCH_CHECK(batch.slice == slice, "asked for a slice of step ", slice.step, " that is not the next");
  const StepInputs inputs = make_inputs(batch, config_, objective_->schedule(), device_);
  at::Tensor losses = objective_->losses(inputs);
  count_losses();
  uncounted_ = {inputs.t, losses.detach()};
  return losses;
}

// Those of the slice before: by now its backward has waited for the device anyway.
void DiffusionTask::count_losses() {
  const auto [t, losses] = std::exchange(uncounted_, {});
  if (t.defined()) buckets_.add(objective_->schedule(), t, losses.to(at::kCPU, at::kFloat));
}

Values DiffusionTask::step_values() {
  count_losses();
  Values values = {{"skipped_images", double(loader_->unreadable())}};
  for (auto& value : buckets_.take()) values.push_back(std::move(value));
  return values;
}

void DiffusionTask::preview(int64_t step, const TaskContext& context) {
  if (config_.model.makes_pictures()) write_preview(*objective_->model(), config_, device_, step, context);
}

void DiffusionTask::finish() {
  if (const int64_t count = loader_->unreadable(); count > 0)
    log_warning(count, " images could not be decoded and were skipped");
}

}  // namespace uvic

// Training a diffusion model in process: its state without a loop, and a whole run.
#pragma once
#include "nn/uvit.h"
#include "tasks/diffusion/task.h"
#include "train/checkpoint.h"
#include "train/trainer.h"

namespace uvic::testing {

/// The state of a fresh run, and steps of given inputs.
class DiffusionState : public TrainState {
 public:
  explicit DiffusionState(const DiffusionConfig& config, c10::Device device = c10::kCPU)
      : DiffusionState(config, device,
                       std::make_shared<DiffusionObjective>(config, device, uint64_t(config.train.seed))) {}
  using TrainState::train_step;
  StepResult train_step(const StepInputs& inputs) {
    return train_step(
        {[&](const Slice& slice) { return objective->prepared(inputs.part(slice.first, slice.count)); },
         [&](const auto& prepared) { return objective->losses(prepared); }});
  }
  const NoiseSchedule& schedule() const { return objective->schedule(); }

  std::shared_ptr<DiffusionObjective> objective;
  std::shared_ptr<UViT> model;

 private:
  DiffusionState(const DiffusionConfig& config, c10::Device device, std::shared_ptr<DiffusionObjective> made)
      : TrainState(made->model(), config.train, config.optimizer, device),
        objective(std::move(made)),
        model(objective->model()) {
    config_yaml = config.to_yaml();
  }
};

/// A run, or the rest of it, in `path`.
inline TrainOutcome train(const DiffusionConfig& config, const std::filesystem::path& path,
                          const std::filesystem::path& init_from = {}) {
  DiffusionTask task(config, c10::kCPU);
  task.open({});
  RunDirectory run(path, config, false);
  return Trainer(task, run, config.train, config.optimizer, c10::kCPU, init_from).run();
}

}  // namespace uvic::testing

// The loss on held-out images.
#pragma once
#include "data/dataset.h"
#include "dist/world.h"
#include "tasks/diffusion/examples.h"
#include "tasks/diffusion/objective.h"

namespace uvic {

/// Holds up to train.val_images images, each with its own time and noise, the same every time: the times are
/// spread evenly over the schedule, so that the mean over all moves little from one check to the next but for
/// what the weights have learnt. Labels and captions are never
/// dropped, latents are their means.
class Validation {
 public:
  /// Images that cannot be decoded follow data.on_error. Which images, times and noises depends on the size
  /// of `dataset` alone, not on train.seed.
  Validation(const Dataset& dataset, const DiffusionConfig& config, const ExampleMaker& examples);

  /// The mean loss of the network as it stands.
  double loss(const DiffusionObjective& objective, const World& world = {}) const;
  int64_t size() const { return inputs_.t.size(0); }

 private:
  int64_t micro_batch_;
  StepInputs inputs_;
};

}  // namespace uvic

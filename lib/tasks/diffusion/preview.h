#pragma once
#include "tasks/diffusion/samples.h"
#include "train/task.h"

namespace uvic {

class UViT;

/// RUN/samples/step-XXXXXXXX.png, and the same to TensorBoard: a grid of the same seeds each time, so that
/// grids of a run show the same noise growing up. Nothing if `context.stopping`. A warning where images are
/// not finite: black in the grid, which is left out if all are.
void write_preview(UViT& model, const DiffusionConfig& config, const TrainingSamples& samples, int64_t step,
                   const TaskContext& context);

}  // namespace uvic

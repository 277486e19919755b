// The pictures of uvic-inspect.
#pragma once
#include "inspect_subject.h"

namespace uvic {

/// blocks-heads-*.png, blocks-times-*.png, incoming-*.png of inspections of one source, named after it where
/// there are two, in the folder --pictures.
void write_heat_maps(const ModelOptions& model, const std::vector<Observed>& inspections,
                     const InspectOptions& options);

/// attention-*.png: what --patch of --map-image attends to at each of `inputs`. `pictures`: what is shown
/// under it, float [I, C, H, W] from -1 to 1.
void write_attention_maps(const Subject& subject, const std::vector<InputSet>& inputs,
                          const at::Tensor& pictures, const InspectOptions& options);

/// blocks-steps-*.png.
void write_training_maps(const std::vector<std::pair<int64_t, Observed>>& checkpoints,
                         const InspectOptions& options);

/// The token of --patch. UsageError if there is no such patch.
int64_t query_of(const ModelOptions& model, const InspectOptions& options);

}  // namespace uvic

// A network that uvic-inspect looks at.
#pragma once
#include <memory>
#include <optional>

#include "encoders/stages.h"
#include "inspect/real_images.h"
#include "inspect_options.h"
#include "recipe/load_model.h"

namespace uvic {

struct Subject {
  LoadedModel loaded;
  DiffusionConfig config;  ///< the recipe, and what its training read
  c10::Device device;
  Network network;
  std::optional<Stages> stages = {};  ///< once images are looked at

  const ModelOptions& model() const { return loaded.recipe().model; }
};

/// Of a file, a run or a checkpoint directory; `option` is what the user wrote it behind. UsageError also for
/// a language model, and for a network without blocks of the kind that --kind asks for.
std::unique_ptr<Subject> open_subject(const std::string& path, const InspectOptions& options,
                                      c10::Device device, const std::string& option);

/// Its images, from the data set of `data`.
std::unique_ptr<RealImages> images_of(Subject& subject, const DataOptions& data,
                                      const InspectOptions& options);

/// The noise levels.
std::vector<double> times_of(const Subject& subject, const InspectOptions& options);

/// UsageError, naming arrays, unless they are inputs of that network.
InputSet read_inputs(const Subject& subject, const InspectOptions& options);

}  // namespace uvic

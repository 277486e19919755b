// A network out of a file or a run, ready to be sampled from.
#pragma once
#include <c10/core/Device.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/tensor_file.h"
#include "recipe/class_names.h"
#include "recipe/recipe.h"

namespace uvic {

class UViT;

struct LoadedModel {
  std::filesystem::path file;  ///< the weights file that was read; the newest snapshot of an `ema_width`
  double ema_width = 0;        ///< above 0: reconstructed from the snapshots of the run directory `run`
  std::filesystem::path run;
  RecipeFile config;  ///< effective: the file's own, then what was laid over it; resolved and validated
  std::map<std::string, std::string> metadata;  ///< of the file
  ClassNames classes;                           ///< of the file; empty: known by their numbers alone
  bool configured = false;                      ///< the file, or what was laid over it, describes the model
  std::string network = "ema";                  ///< which network of the file, see WeightsFile
  std::string undescribed = {};  ///< unless `configured`: what is still to be said, and what the shapes say
  /// key=value outside `sample`, of what sampling reads, where the recipe is not the file's own; the whole
  /// model where the file has none.
  std::vector<std::string> overrides;
  std::shared_ptr<UViT> model;
  std::shared_ptr<UViT> guide;  ///< of sample.guide_checkpoint; null if there is none

  const Recipe& recipe() const { return config.recipe; }
};

/// What a user says beside the weights file.
struct Overlay {
  std::function<void(RecipeFile&)> apply = [](RecipeFile&) {};
  bool describes_model = false;  ///< all of it
  /// Whether it sets a key by itself.
  std::function<bool(const std::string&)> sets = [](const std::string&) { return false; };
};

/// Finds the file and the network in it and reads its configuration, no tensors. Of a file without one the
/// model is read off the shapes, as far as they tell it. Says in a line each which network was taken and what
/// was read off. `weights`: as find_weights_file's and WeightsFile's, or "width-W" for the power-function
/// average of width W of a run. `option` as find_weights_file's. UsageError also names the keys in which
/// configuration and shapes contradict each other.
LoadedModel find_model(const std::filesystem::path& checkpoint, const std::string& weights,
                       const Overlay& overlay = {}, const std::string& option = "--checkpoint");

/// UsageError if nothing says what network the weights are of.
void require_configuration(const LoadedModel& loaded);

/// The tensors themselves.
TensorFile read_weights(const LoadedModel& loaded);

/// That of its `model`.
std::string weights_digest(const LoadedModel& loaded);

/// Builds the network and reads its weights; and those of the guide, if there is one. UsageError names the
/// keys in which a guide's model does not go with this one.
void load_weights_of(LoadedModel& loaded, c10::Device device);

/// All of that: the network of a weights file with its configuration inside, a run or a checkpoint directory,
/// on `device`, in evaluation mode. UsageError says what is missing or does not fit.
LoadedModel load_model(const std::filesystem::path& checkpoint, const std::string& weights = "ema",
                       c10::Device device = c10::kCPU);

}  // namespace uvic

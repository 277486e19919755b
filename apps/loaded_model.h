// A network from `--checkpoint`, ready to sample from.
#pragma once
#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config_options.h"
#include "io/tensor_file.h"
#include "nn/uvit.h"
#include "sampling/sampler.h"

namespace uvic {

struct LoadedModel {
  std::filesystem::path file;  ///< the weights file that was read; the newest snapshot of an `ema_width`
  double ema_width = 0;        ///< above 0: reconstructed from the snapshots of the run directory `run`
  std::filesystem::path run;
  Config config;            ///< effective: the file's own, then the command line's
  bool configured = false;  ///< the file or the command line describes the model
  /// key=value outside `sample` where `config` is not the file's own; the whole model where the file has
  /// none.
  std::vector<std::string> overrides;
  std::shared_ptr<UViT> model;
  std::shared_ptr<UViT> guide;  ///< of sample.guide_checkpoint; null if there is none
};

/// --ema-width W sets `weights` to "width-W", see find_model.
void add_ema_width(CLI::App& app, std::string& weights);

/// `weights`: as find_weights_file's, or "width-W" for the power-function average of width W of a run.
/// Only the configuration: finds the file and reads its metadata.
LoadedModel find_model(const std::string& checkpoint, const std::string& weights,
                       const ConfigOptions& options);

/// The tensors themselves.
TensorFile read_weights(const LoadedModel& loaded);

/// Builds the network and reads its weights; and those of the guide, if there is one. UsageError names the
/// keys in which a guide's model does not go with this one.
void load_weights_of(LoadedModel& loaded, c10::Device device);

/// A sampler of the loaded network, guided by its guide if there is one.
Sampler make_sampler(const LoadedModel& loaded, c10::Device device);

}  // namespace uvic

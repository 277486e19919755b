// A network from `--checkpoint`, ready to sample from.
#pragma once
#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config_options.h"
#include "nn/uvit.h"

namespace uvic {

struct LoadedModel {
  std::filesystem::path file;  ///< the weights file that was read
  Config config;               ///< effective: the file's own, then the command line's
  bool configured = false;     ///< the file or the command line describes the model
  /// key=value outside `sample` where `config` is not the file's own; the whole model where the file has
  /// none.
  std::vector<std::string> overrides;
  std::shared_ptr<UViT> model;
};

/// Only the configuration: finds the file and reads its metadata.
LoadedModel find_model(const std::string& checkpoint, const std::string& weights,
                       const ConfigOptions& options);

/// Builds the network and reads its weights.
void load_weights_of(LoadedModel& loaded, c10::Device device);

}  // namespace uvic

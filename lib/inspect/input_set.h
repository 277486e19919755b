// What a network is run on to be looked at.
#pragma once
#include <functional>
#include <limits>
#include <string>

#include "diffusion/network.h"
#include "inspect/inspector.h"

namespace uvic {

/// Inputs of a network for a number of images, at one noise level unless the user gives them.
struct InputSet {
  std::string source;  ///< "inputs", "images", "samples"
  /// In the schedule's time, and as the network is fed; NaN where images have each their own.
  double t = std::numeric_limits<double>::quiet_NaN(), timestep = t;
  int64_t images = 0;
  at::Tensor groups = {};  ///< int64 [images, N], see token_groups
  /// Runs a network on images first .. first + count - 1. Returns their losses, [count], undefined where
  /// there is nothing to compare its output with.
  std::function<at::Tensor(const Network& network, int64_t first, int64_t count)> run = {};
};

/// Of arrays: x [I, C, H, W], timesteps [I] as the network is fed them, on the network's device.
InputSet given_inputs(const ModelOptions& model, const at::Tensor& x, const at::Tensor& timesteps,
                      const Condition& condition);

/// What a set of inputs showed.
struct Observed {
  std::string source;
  double t, timestep;
  Measures measures;
  at::Tensor losses;  ///< float64 [I], undefined where there are none
};

/// Images run and measured at a time.
constexpr int64_t kInspectedAtOnce = 16;

/// `on_images` hears how many images are done.
Observed inspect(const Network& network, const ModelOptions& model, const InputSet& inputs,
                 const InspectorOptions& options, const std::function<void(int64_t)>& on_images = {});

/// Only the losses, float64 [I].
at::Tensor losses_of(const Network& network, const InputSet& inputs);

}  // namespace uvic

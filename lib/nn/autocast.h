// Autocast as RAII: LibTorch has the switches, not the scope.
#pragma once
#include <ATen/autocast_mode.h>
#include <c10/core/Device.h>

#include "core/precision.h"

namespace uvic {

/// The autocast state of one device type on this thread.
struct AutocastState {
  c10::DeviceType device = c10::kCPU;
  bool enabled = false;
  c10::ScalarType dtype = c10::ScalarType::BFloat16;

  /// The state in force: CUDA's if enabled there, else the CPU's.
  static AutocastState current();
  /// fp32 is off; bf16 casts matrix products on `device`.
  static AutocastState for_precision(Precision precision, c10::Device device);
};

/// Puts a state in force for a scope; restores the old one and drops cached casts of weights at the end.
class AutocastScope {
 public:
  explicit AutocastScope(const AutocastState& state);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

 private:
  AutocastState outer_;
};

}  // namespace uvic

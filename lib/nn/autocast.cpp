#include "nn/autocast.h"

namespace uvic {
namespace {

AutocastState state_of(c10::DeviceType device) {
  return {device, at::autocast::is_autocast_enabled(device), at::autocast::get_autocast_dtype(device)};
}

void apply(const AutocastState& state) {
  at::autocast::set_autocast_enabled(state.device, state.enabled);
  at::autocast::set_autocast_dtype(state.device, state.dtype);
}

}  // namespace

AutocastState AutocastState::current() {
  return at::autocast::is_autocast_enabled(c10::kCUDA) ? state_of(c10::kCUDA) : state_of(c10::kCPU);
}

AutocastState AutocastState::for_precision(Precision precision, c10::Device device) {
  return {device.type(), precision == Precision::kBf16, c10::ScalarType::BFloat16};
}

AutocastScope::AutocastScope(const AutocastState& state) : outer_(state_of(state.device)) {
  apply(state);
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  apply(outer_);
}

}  // namespace uvic

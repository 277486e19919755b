// The decision behind choose_kernel, without its text: for the operator, which asks at every call.
#pragma once
#include <c10/core/DeviceType.h>
#include <c10/core/ScalarType.h>

#include <optional>

namespace uvic {

/// Whether a call with these inputs runs the fused kernel; arguments and errors as choose_kernel's.
bool runs_fused(c10::DeviceType device, c10::ScalarType dtype, int64_t head_dim, std::optional<bool> fused);

}  // namespace uvic

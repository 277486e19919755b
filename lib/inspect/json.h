// An inspection for programs.
#pragma once
#include <nlohmann/json_fwd.hpp>

#include "inspect/compare.h"
#include "inspect/input_set.h"
#include "inspect/suppress.h"

namespace uvic {

/// The blocks in the order of execution: {"block": "in_blocks.0", "kind": "softmax", "heads":
/// [{"negative_count": 0, ...}, ...], "head_distance": 0.8, ..., "sinks": {"time": 0.5, ...},
/// "incoming_mass": [...], ...}. What there is not is null.
nlohmann::ordered_json layers_json(const Measures& measures);
/// {"source": "images", "t": 0.5, "timestep": 499.5, "images": 32, "loss": 0.03, "output": {...}, "layers":
/// [...]}
nlohmann::ordered_json inspection_json(const Observed& inspection);
nlohmann::ordered_json comparison_json(const NetworkComparison& comparison);
nlohmann::ordered_json suppression_json(const Suppression& suppression, const ModelOptions& model);
/// name -> text.
nlohmann::ordered_json definitions_json();

}  // namespace uvic

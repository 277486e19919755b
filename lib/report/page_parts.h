// What page.html is filled with, part by part.
#pragma once
#include <nlohmann/json.hpp>
#include <vector>

#include "report/page.h"

namespace uvic {

/// {label, value, note} of the figures at the top.
nlohmann::ordered_json tiles_view(const RunFacts& run);

/// "step 510 of 5000 ...", and how far that is in percent.
nlohmann::ordered_json progress_view(const RunFacts& run);

/// The grids and texts of all runs by step; empty lists where there are none.
nlohmann::ordered_json samples_view(const std::vector<RunFacts>& runs, int64_t most);

/// The keys that differ from the defaults, and all of them by section.
nlohmann::ordered_json settings_view(const RunFacts& run);

/// {key, value} of where and by what it was trained, and of what it was trained on.
nlohmann::ordered_json machine_view(const RunFacts& run);
nlohmann::ordered_json data_view(const RunFacts& run);
/// {name, count, percent} of each class.
nlohmann::ordered_json classes_view(const RunFacts& run);

}  // namespace uvic

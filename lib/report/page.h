// The page of one run or of several beside each other: one HTML file that needs nothing else.
#pragma once
#include <string>
#include <vector>

#include "report/run.h"

namespace uvic {

struct PageOptions {
  int64_t most_grids = 24;     ///< of a run; others between are left out evenly, the first and the last stay
  int64_t reload_seconds = 0;  ///< the page reloads itself; 0: it does not
};

/// Reads the pictures of the runs; what comes from files is escaped.
std::string report_page(const RunFacts& run, const PageOptions& options);
/// At least two.
std::string comparison_page(const std::vector<RunFacts>& runs, const PageOptions& options);

/// The indexes of `most` among `count` things, the first and the last among them, evenly spread.
std::vector<size_t> spread(size_t count, size_t most);

}  // namespace uvic

// Which measurements go into which chart, and a chart's geometry for the page.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/run.h"

namespace uvic {

struct ChartLine {
  std::string label;
  std::string colour;  ///< a class of page.css: c0 ..., n0 ... n9
  const Curve* curve = nullptr;
};

struct Chart {
  std::string title, note;
  std::vector<ChartLine> lines;
  bool from_zero = false;  ///< a rate or a share: its distance from 0 says something
};

/// What was measured in a run by what it is of: loss, loss by noise level, scores, rates ...; what this
/// version does not know has a chart of its own. Points into `run`.
std::vector<Chart> charts_of(const RunFacts& run);
/// A chart for each measurement, a line for each run that has it. Points into `runs`.
std::vector<Chart> charts_of(const std::vector<RunFacts>& runs);

/// For page.html: paths in a field of 1000 x 300, ticks in percent.
nlohmann::ordered_json chart_view(const Chart& chart, const std::string& id);
/// For page.js: points, and what the field's edges are.
nlohmann::ordered_json chart_data(const Chart& chart, const std::string& id);

}  // namespace uvic

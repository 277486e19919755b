#include "report/chart.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>

#include "report/scale.h"

namespace uvic {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kWidth = 1000, kHeight = 300;

struct Range {
  double least = std::numeric_limits<double>::infinity(), largest = -least;

  void add(double value) {
    least = std::min(least, value);
    largest = std::max(largest, value);
  }
};

struct Geometry {
  Scale x, linear;
  std::optional<Scale> logarithmic;  // where values are above 0 and differ enough to need it
};

Geometry geometry_of(const Chart& chart) {
  Range steps, values;
  for (const ChartLine& line : chart.lines) {
    for (const Point& point : line.curve->points()) {
      steps.add(double(point.step));
      values.add(point.value);
    }
  }
  if (steps.least > steps.largest) {  // nothing finite
    steps.add(0);
    values.add(0);
  }
  Geometry geometry;
  geometry.x = {.from = steps.least, .to = std::max(steps.largest, steps.least + 1)};
  const double positive = values.least;
  if (chart.from_zero) values.add(0);
  if (chart.from_zero && values.largest == 0) values.add(1);
  geometry.linear = linear_scale(values.least, values.largest);
  if (positive > 0 && values.largest > 1.5 * positive)
    geometry.logarithmic = log_scale(positive, values.largest);
  return geometry;
}

std::string path_of(const std::vector<Point>& points, const Scale& x, const Scale& y) {
  std::string path;
  char text[48];
  for (const Point& point : points) {
    std::snprintf(text, sizeof text, "%c%.1f %.1f", path.empty() ? 'M' : 'L',
                  x.place(double(point.step)) * kWidth, (1 - y.place(point.value)) * kHeight);
    path += text;
  }
  if (points.size() == 1) path += "h0.1";  // a dot by its round cap
  return path;
}

std::string fixed(double value) {
  char text[24];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

Json ticks_view(const std::vector<Tick>& ticks) {
  Json view = Json::array();
  for (const Tick& tick : ticks)
    view.push_back({{"place", fixed(100 * tick.place)},
                    {"height", fixed((1 - tick.place) * kHeight)},
                    {"label", tick.label}});
  return view;
}

Json scale_view(const Chart& chart, const Geometry& geometry, const Scale& y, const char* name) {
  Json lines = Json::array();
  for (const ChartLine& line : chart.lines) {
    const auto trend = line.curve->trend();
    lines.push_back({{"colour", line.colour},
                     {"faint", !trend.empty()},
                     {"path", path_of(line.curve->points(), geometry.x, y)},
                     {"trend", path_of(trend, geometry.x, y)}});
  }
  return {{"name", name}, {"ticks", ticks_view(ticks_of(y))}, {"lines", lines}};
}

std::string note_of(const Chart& chart) {
  std::string note = chart.note;
  for (const ChartLine& line : chart.lines) {
    const size_t bad = line.curve->not_finite();
    if (bad == 0) continue;
    note += (note.empty() ? "" : "; ") + line.label + ": not finite at " + std::to_string(bad) +
            (bad == 1 ? " step" : " steps");
  }
  return note;
}

}  // namespace

Json chart_view(const Chart& chart, const std::string& id) {
  const Geometry geometry = geometry_of(chart);
  Json legend = Json::array(), scales = Json::array();
  for (const ChartLine& line : chart.lines) {
    const auto last = line.curve->last();
    legend.push_back({{"colour", line.colour},
                      {"label", line.label},
                      {"value", last ? short_number(last->value) : "not finite"}});
  }
  scales.push_back(scale_view(chart, geometry, geometry.linear, "linear"));
  scales.push_back(scale_view(chart, geometry, geometry.logarithmic.value_or(geometry.linear), "log"));
  return {{"id", id},         {"title", chart.title}, {"note", note_of(chart)},
          {"legend", legend}, {"scales", scales},     {"steps", ticks_view(ticks_of(geometry.x))}};
}

Json chart_data(const Chart& chart, const std::string& id) {
  const Geometry geometry = geometry_of(chart);
  const Scale logarithmic = geometry.logarithmic.value_or(geometry.linear);
  Json lines = Json::array();
  for (const ChartLine& line : chart.lines) {
    Json steps = Json::array(), values = Json::array();
    for (const Point& point : line.curve->points()) {
      steps.push_back(point.step);
      values.push_back(point.value);
    }
    lines.push_back({{"colour", line.colour}, {"steps", steps}, {"values", values}});
  }
  const auto edges = [](const Scale& scale) {
    return Json{{"from", scale.from}, {"to", scale.to}, {"log", scale.logarithmic}};
  };
  return {{"id", id},
          {"x", edges(geometry.x)},
          {"linear", edges(geometry.linear)},
          {"log", edges(logarithmic)},
          {"lines", lines}};
}

}  // namespace uvic
